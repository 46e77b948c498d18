import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { BenchDatabase, BenchServer } from '../database/bench-server.ts';
import { startClientLoad } from './client-load.ts';
import { fillTimers } from './fill-timers.ts';
import { runMigrator, startMigrator } from './migrator-process.ts';

export interface LockBehaviorResult {
  readonly name: string;
  readonly exitCode: number | null;
  readonly attempts: number;
  /** Longest wait of any client, in milliseconds. */
  readonly longestWaitMs: number;
  /** Longest lock_timeout of the migrator, in milliseconds. */
  readonly lockTimeoutMs: number;
  /** The blocking sessions as the migrator describes them. */
  readonly blockers: string;
}

const HOLD_MS = 4_000;
const OWNER_ROLE = 'bench_migration_owner';
const LOCK_TIMEOUT_LINE = /no lock within (\d+) ms \(try \d+\), next try (\d+) ms, blocked by: (.*)$/;

/** Runs the first part of the online migration under client load. */
async function measure(
  name: string,
  database: BenchDatabase,
  args: readonly string[],
  migratorUrl = database.url,
): Promise<LockBehaviorResult> {
  const load = await startClientLoad(database.url, database.client);
  const { code, stderr } = await startMigrator(migratorUrl, ['online', 'start', ...args]).exit;
  const clients = Object.values(await load.stop());
  const blocked = stderr
    .split('\n')
    .map((line) => LOCK_TIMEOUT_LINE.exec(line))
    .filter((match) => match !== null);
  return {
    name,
    exitCode: code,
    attempts: blocked.length + 1,
    longestWaitMs: Math.max(...clients.map(({ longestWaitMs }) => longestWaitMs)),
    lockTimeoutMs: Math.max(300, ...blocked.map((match) => Number(match[2]))),
    blockers: blocked[0]?.[3] ?? '(not blocked)',
  };
}

async function openIdleTransaction(url: string): Promise<{ readonly commit: () => Promise<void> }> {
  const holder = new pg.Client({ connectionString: url, application_name: 'forgotten session' });
  await holder.connect();
  await holder.query('BEGIN');
  await holder.query('SELECT count(*) FROM timers');
  return {
    commit: async () => {
      await holder.query('COMMIT');
      await holder.end();
    },
  };
}

async function createFilledDatabase(server: BenchServer, rows: number): Promise<BenchDatabase> {
  const database = await server.createDatabase('bench_migration_locks');
  await runMigrator(database.url, ['migrate', '--to', '1']);
  await fillTimers(database.client, rows);
  return database;
}

/** Measures an idle transaction that outlasts --lock-patience, and one that ends before it. */
async function measureIdleTransaction(server: BenchServer, rows: number): Promise<LockBehaviorResult[]> {
  const database = await createFilledDatabase(server, rows);
  try {
    const endless = await openIdleTransaction(database.url);
    const failed = await measure('idle in transaction, endless', database, ['--lock-patience', '2']);
    await endless.commit();
    const short = await openIdleTransaction(database.url);
    const committed = sleep(HOLD_MS).then(short.commit);
    const succeeded = await measure(`idle in transaction, ${HOLD_MS / 1000} s`, database, []);
    await committed;
    return [failed, succeeded];
  } finally {
    await database.drop();
  }
}

const FIND_AUTOVACUUM =
  "SELECT 1 FROM pg_stat_activity WHERE backend_type = 'autovacuum worker' AND query LIKE '%timers%' AND datname = current_database()";

/**
 * Creates a role that owns the tables but is no superuser: it can neither set deadlock_timeout nor see who blocks it.
 * Returns the URL of the database with that role.
 */
async function createOrdinaryOwner(database: BenchDatabase): Promise<string> {
  const { client } = database;
  const password = randomBytes(12).toString('hex');
  await client.query(`DROP ROLE IF EXISTS ${OWNER_ROLE}`);
  await client.query(`CREATE ROLE ${OWNER_ROLE} LOGIN PASSWORD '${password}'`);
  await client.query(`GRANT USAGE, CREATE ON SCHEMA public TO ${OWNER_ROLE}`);
  const { rows } = await client.query<{ name: string }>(
    "SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'",
  );
  for (const { name } of rows)
    await client.query(`ALTER TABLE ${pg.escapeIdentifier(name)} OWNER TO ${OWNER_ROLE}`);
  await client.query(`ALTER FUNCTION update_updated_at_column() OWNER TO ${OWNER_ROLE}`);
  const url = new URL(database.url);
  url.username = OWNER_ROLE;
  url.password = password;
  return url.href;
}

/** Measures a migration that starts while a very slow autovacuum processes the table. */
async function measureAutovacuum(
  server: BenchServer,
  rows: number,
  role: 'superuser' | 'ordinary role',
): Promise<LockBehaviorResult> {
  const database = await createFilledDatabase(server, rows);
  const { client } = database;
  try {
    const url = role === 'superuser' ? database.url : await createOrdinaryOwner(database);
    await client.query("ALTER SYSTEM SET autovacuum_naptime = '1s'");
    await client.query('SELECT pg_reload_conf()');
    await client.query("UPDATE timers SET last_error = 'x'");
    await client.query(
      'ALTER TABLE timers SET (autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1)',
    );
    while ((await client.query(FIND_AUTOVACUUM)).rowCount === 0) await sleep(50);
    return await measure(`autovacuum, migrator as ${role}`, database, [], url);
  } finally {
    await client.query('ALTER SYSTEM RESET autovacuum_naptime');
    await client.query('SELECT pg_reload_conf()');
    await database.drop();
  }
}

/**
 * Measures how long clients wait while another session holds a lock that the migration needs. Temporarily changes
 * autovacuum_naptime of the server.
 */
export async function measureLockBehavior(server: BenchServer, rows: number): Promise<LockBehaviorResult[]> {
  const results = await measureIdleTransaction(server, rows);
  results.push(await measureAutovacuum(server, rows, 'superuser'));
  results.push(await measureAutovacuum(server, rows, 'ordinary role'));
  await dropOwnerRole(server);
  return results;
}

async function dropOwnerRole(server: BenchServer): Promise<void> {
  const admin = new pg.Client({ connectionString: server.url });
  await admin.connect();
  await admin.query(`DROP ROLE IF EXISTS ${OWNER_ROLE}`);
  await admin.end();
}
