import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { BenchDatabase, BenchServer } from '../database/bench-server.ts';
import { fillTimers } from './fill-timers.ts';
import { runMigrator, startMigrator } from './migrator-process.ts';
import { startProbes } from './probes.ts';

export interface MannersResult {
  readonly name: string;
  readonly exitCode: number | null;
  readonly tries: number;
  /** Longest wait of any other session, and the longest lock_timeout of ours, in milliseconds. */
  readonly longestWaitMs: number;
  readonly lockTimeoutMs: number;
  /** How the migrator named who stood in the way. */
  readonly named: string;
}

const holdMs = 4_000;
const ownerRole = 'bench_migration_owner';
const waitTimeout = /no lock within (\d+) ms \(try \d+\), next try (\d+) ms, blocked by: (.*)$/;

/** Runs the online migration beside the probes and tells how long anybody waited. */
async function measure(
  name: string,
  database: BenchDatabase,
  args: readonly string[],
  migratorUrl = database.url,
): Promise<MannersResult> {
  const probes = await startProbes(database.url, database.client);
  const { code, stderr } = await startMigrator(migratorUrl, ['online', 'start', ...args]).exit;
  const seen = Object.values(await probes.stop());
  const blocked = stderr
    .split('\n')
    .map((line) => waitTimeout.exec(line))
    .filter((match) => match !== null);
  return {
    name,
    exitCode: code,
    tries: blocked.length + 1,
    longestWaitMs: Math.max(...seen.map((probe) => probe.longestWaitMs)),
    lockTimeoutMs: Math.max(300, ...blocked.map((match) => Number(match[2]))),
    named: blocked[0]?.[3] ?? '(nobody stood in the way)',
  };
}

async function holdIdle(url: string): Promise<{ readonly release: () => Promise<void> }> {
  const holder = new pg.Client({ connectionString: url, application_name: 'forgotten session' });
  await holder.connect();
  await holder.query('BEGIN');
  await holder.query('SELECT count(*) FROM timers');
  return {
    release: async () => {
      await holder.query('COMMIT');
      await holder.end();
    },
  };
}

async function prepared(server: BenchServer, rows: number): Promise<BenchDatabase> {
  const database = await server.createDatabase('bench_migration_locks');
  await runMigrator(database.url, ['migrate', '--to', '1']);
  await fillTimers(database.client, rows);
  return database;
}

/** A session that holds the table for a while, then for longer than the migrator's patience. */
async function idleInTransaction(server: BenchServer, rows: number): Promise<MannersResult[]> {
  const database = await prepared(server, rows);
  try {
    const forever = await holdIdle(database.url);
    const givenUp = await measure('idle in transaction, for good', database, ['--lock-patience', '2']);
    await forever.release();
    const awhile = await holdIdle(database.url);
    const released = sleep(holdMs).then(awhile.release);
    const succeeded = await measure(`idle in transaction, ${holdMs / 1000} s`, database, []);
    await released;
    return [givenUp, succeeded];
  } finally {
    await database.drop();
  }
}

const findVacuum =
  "SELECT 1 FROM pg_stat_activity WHERE backend_type = 'autovacuum worker' AND query LIKE '%timers%' AND datname = current_database()";

/** The URL with a role that owns the tables but is no superuser: it may not set deadlock_timeout, nor see who blocks. */
async function ordinaryOwner(database: BenchDatabase): Promise<string> {
  const { client } = database;
  const password = randomBytes(12).toString('hex');
  await client.query(`DROP ROLE IF EXISTS ${ownerRole}`);
  await client.query(`CREATE ROLE ${ownerRole} LOGIN PASSWORD '${password}'`);
  await client.query(`GRANT USAGE, CREATE ON SCHEMA public TO ${ownerRole}`);
  const { rows } = await client.query<{ name: string }>(
    "SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'",
  );
  for (const { name } of rows)
    await client.query(`ALTER TABLE ${pg.escapeIdentifier(name)} OWNER TO ${ownerRole}`);
  await client.query(`ALTER FUNCTION update_updated_at_column() OWNER TO ${ownerRole}`);
  const url = new URL(database.url);
  url.username = ownerRole;
  url.password = password;
  return url.href;
}

/** An autovacuum that would take very long, on the table at the moment of the start. */
async function autovacuum(
  server: BenchServer,
  rows: number,
  as: 'superuser' | 'ordinary role',
): Promise<MannersResult> {
  const database = await prepared(server, rows);
  const { client } = database;
  try {
    const url = as === 'superuser' ? database.url : await ordinaryOwner(database);
    await client.query("ALTER SYSTEM SET autovacuum_naptime = '1s'");
    await client.query('SELECT pg_reload_conf()');
    await client.query("UPDATE timers SET last_error = 'x'");
    await client.query(
      'ALTER TABLE timers SET (autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1)',
    );
    while ((await client.query(findVacuum)).rowCount === 0) await sleep(50);
    return await measure(`autovacuum at work, migrator is ${as}`, database, [], url);
  } finally {
    await client.query('ALTER SYSTEM RESET autovacuum_naptime');
    await client.query('SELECT pg_reload_conf()');
    await database.drop();
  }
}

/** How the migration behaves while somebody holds the table. Changes autovacuum_naptime of the server for a while. */
export async function measureManners(server: BenchServer, rows: number): Promise<MannersResult[]> {
  const results = await idleInTransaction(server, rows);
  results.push(await autovacuum(server, rows, 'superuser'));
  results.push(await autovacuum(server, rows, 'ordinary role'));
  await dropRole(server);
  return results;
}

async function dropRole(server: BenchServer): Promise<void> {
  const admin = new pg.Client({ connectionString: server.url });
  await admin.connect();
  await admin.query(`DROP ROLE IF EXISTS ${ownerRole}`);
  await admin.end();
}
