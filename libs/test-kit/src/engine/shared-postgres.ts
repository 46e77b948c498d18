import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { type EmbeddedPostgres, openEmbeddedPostgres } from '@timer-platform/embedded-postgres';
import { findMigrationsDirectory, migrateToLatest } from '@timer-platform/migrations';
import pg from 'pg';
import { installVirtualClock, SEARCH_PATH } from './virtual-clock-sql.ts';

/** Many kits may run at once, each with about 15 connections. */
const SETTINGS = {
  max_connections: '500',
  shared_buffers: '64MB',
  max_wal_size: '256MB',
  autovacuum_naptime: '30s',
};
const TEMPLATE_PREFIX = 'timer_kit_template_';
const PREFIX = 'timer_kit_';
/** Grows when the virtual clock changes. */
const CLOCK_VERSION = 1;
/** Any number that nobody else uses. */
const TEMPLATE_LOCK = 7_261_003;

/** A database that one kit uses. */
export interface KitDatabase {
  readonly url: string;
  /** Drops the database and stops PostgreSQL if no other process uses it. */
  close(): Promise<void>;
}

/** The directory that the kits of a user share by default. */
function sharedDirectory(): string {
  return path.join(tmpdir(), `timer-test-kit-${userInfo().uid}`);
}

function withDatabase(url: string, database: string): string {
  const parsed = new URL(url);
  parsed.pathname = `/${database}`;
  return parsed.href;
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'timer test kit' });
  // The next query reports a connection that broke.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

async function templateName(migrations: string): Promise<string> {
  const hash = createHash('sha256').update(String(CLOCK_VERSION));
  for (const file of (await readdir(migrations)).filter((name) => name.endsWith('.sql')).sort())
    hash.update(await readFile(path.join(migrations, file)));
  return TEMPLATE_PREFIX + hash.digest('hex').slice(0, 12);
}

/** Creates the migrated template unless another kit has. */
async function ensureTemplate(admin: pg.Client, serverUrl: string): Promise<string> {
  const migrations = findMigrationsDirectory();
  const template = await templateName(migrations);
  await admin.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK]);
  try {
    const { rows } = await admin.query<{ complete: boolean }>(
      'SELECT NOT datallowconn AS complete FROM pg_database WHERE datname = $1',
      [template],
    );
    if (rows[0]?.complete === true) return template;
    if (rows.length > 0) await admin.query(`DROP DATABASE ${template} WITH (FORCE)`);
    await admin.query(`CREATE DATABASE ${template} TEMPLATE template0`);
    await migrateToLatest({ databaseUrl: withDatabase(serverUrl, template), directory: migrations });
    const client = await connect(withDatabase(serverUrl, template));
    await installVirtualClock(client, template).finally(() => client.end());
    // PostgreSQL cannot copy a database with connections. This also marks the template as complete.
    await admin.query(`ALTER DATABASE ${template} ALLOW_CONNECTIONS false`);
    return template;
  } finally {
    await admin.query('SELECT pg_advisory_unlock($1)', [TEMPLATE_LOCK]);
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Drops what processes left behind that were killed. */
async function dropAbandoned(admin: pg.Client): Promise<void> {
  const { rows } = await admin.query<{ datname: string }>(
    `SELECT datname FROM pg_database WHERE datname ~ '^timer_kit_[0-9]+_'`,
  );
  for (const { datname } of rows)
    if (!isRunning(Number(datname.split('_')[2])))
      await admin.query(`DROP DATABASE IF EXISTS ${datname} WITH (FORCE)`).catch(() => undefined);
}

/** Creates a migrated database on virtual time for this process, on a PostgreSQL that all kits of the user share. */
export async function openKitDatabase(directory: string | null): Promise<KitDatabase> {
  const server = await openEmbeddedPostgres({
    directory: directory ?? sharedDirectory(),
    database: 'postgres',
    durable: false,
    settings: SETTINGS,
    log: () => undefined,
  });
  try {
    return await createDatabase(server);
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function createDatabase(server: EmbeddedPostgres): Promise<KitDatabase> {
  const admin = await connect(server.url);
  const name = `${PREFIX}${process.pid}_${randomBytes(4).toString('hex')}`;
  try {
    const template = await ensureTemplate(admin, server.url);
    await dropAbandoned(admin);
    await admin.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
    await admin.query(`ALTER DATABASE ${name} SET search_path = ${SEARCH_PATH}`);
  } catch (error) {
    await admin.end();
    throw error;
  }
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`).catch(() => undefined);
    await admin.end();
    await server.stop();
  };
  return { url: withDatabase(server.url, name), close: () => (closed ??= close()) };
}
