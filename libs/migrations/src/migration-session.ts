import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { z } from 'zod';
import { explain, type Explanation } from './explain-server-error.ts';
import { MigrationError } from './migration-error.ts';
import { queryRow } from './query-rows.ts';
import { asDatabaseError } from './server-error.ts';
import { checkServerVersion } from './server-version.ts';

/**
 * The one connection of a migration. Advisory locks belong to a session, so a second connection from a pool would run
 * without them.
 */
export interface MigrationSession {
  readonly client: pg.Client;
  readonly kysely: Kysely<unknown>;
  readonly databaseUrl: string;
  /** The schema of this installation, the only one on the `search_path` of the session. */
  readonly schema: string;
  close(): Promise<void>;
}

/** `application_name` of every connection of the migrator. */
export const APPLICATION_NAME = 'timer-migrator';

/** Never contains the password of the URL. */
function connectionError({ database, user }: pg.Client, cause: unknown): MigrationError {
  const reported = asDatabaseError(cause);
  const explanation: Explanation =
    reported === undefined
      ? { code: 'connection', wayOut: 'check DATABASE_URL, or PG_HOST and PG_PORT, and that the server runs' }
      : explain(reported);
  // The privilege to connect: `plan` cannot show it.
  const wayOut =
    explanation.code === 'permission-denied'
      ? `GRANT CONNECT ON DATABASE ${pg.escapeIdentifier(database ?? '')} TO ${pg.escapeIdentifier(user ?? '')}`
      : explanation.wayOut;
  const message = cause instanceof Error ? cause.message : String(cause);
  return new MigrationError(
    explanation.code === 'permission-denied' ? 'permission-denied' : 'connection',
    `cannot connect to the database: ${message}${wayOut === undefined ? '' : `; ${wayOut}`}`,
    { cause },
  );
}

/**
 * Limits of the role or the database would end a long VALIDATE, index build or verification, and leave an INVALID index.
 * Only the settings that this version of PostgreSQL has. Short transactions set a lock_timeout of their own.
 */
const DISABLE_TIMEOUTS = `
SELECT set_config(name, '0', false) FROM pg_settings
WHERE name IN ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'idle_session_timeout', 'transaction_timeout')`;

/** Each is left out where the server or its platform does not support it. */
const SESSION_SETTINGS = [
  // If this process is killed, the server ends its statement within a second or two instead of running it to the end
  // with all its locks.
  "client_connection_check_interval = '1s'",
  // What this session writes goes to the disk little by little. Otherwise the operating system collects gigabytes, and
  // the commits of clients wait while it writes them.
  "backend_flush_after = '256kB'",
];

/** @throws MigrationError `connection`, also for a server that is too old, or `permission-denied` */
export async function connectClient(databaseUrl: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    application_name: APPLICATION_NAME,
    // A firewall drops a connection that is silent during a statement of an hour.
    keepAlive: true,
    keepAliveInitialDelayMillis: 30_000,
  });
  // The next query reports a connection that broke between two queries.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (cause) {
    throw connectionError(client, cause);
  }
  try {
    await checkServerVersion(client);
    await client.query(DISABLE_TIMEOUTS);
  } catch (error) {
    await client.end();
    throw error;
  }
  for (const setting of SESSION_SETTINGS) await client.query(`SET ${setting}`).catch(() => undefined);
  return client;
}

/**
 * The current schema becomes the whole search_path. Returns its name, and the former search_path. Without the privilege
 * USAGE it is the first schema of the path that exists, so that `plan` can print the missing GRANT.
 */
const BIND_SCHEMA = `
SELECT schema, path, CASE WHEN schema IS NOT NULL THEN set_config('search_path', quote_ident(schema), false) END
FROM (
  SELECT current_setting('search_path') AS path, COALESCE(current_schema(), (
    SELECT nspname FROM unnest(string_to_array(current_setting('search_path'), ',')) WITH ORDINALITY AS element (name, position)
    JOIN pg_namespace ON nspname = CASE btrim(name) WHEN '"$user"' THEN current_user ELSE btrim(name, ' "') END
    ORDER BY position LIMIT 1
  )) AS schema OFFSET 0
) AS found`;

/**
 * Every unqualified name of the session, in the migrations as well, then refers to this schema: another installation or
 * another application in a different schema of the same database is neither read nor changed.
 */
async function bindToSchema(client: pg.Client): Promise<string> {
  const { schema, path } = await queryRow(
    client,
    z.object({ schema: z.string().nullable(), path: z.string() }),
    BIND_SCHEMA,
  );
  if (schema === null) {
    throw new MigrationError(
      'no-schema',
      `search_path is ${path}, and none of these schemas exists; create the schema, or correct search_path of the role or in the options of DATABASE_URL`,
    );
  }
  return schema;
}

/** @throws MigrationError `connection`, or `no-schema` when no schema of `search_path` exists */
export async function openMigrationSession(databaseUrl: string): Promise<MigrationSession> {
  const client = await connectClient(databaseUrl);
  const schema = await bindToSchema(client).catch(async (error: unknown) => {
    await client.end();
    throw error;
  });
  // PostgreSQL cancels a blocking autovacuum after this wait, so it must be below the lock_timeout of a try. Only a
  // superuser may set it; for other roles some tries last longer, see lock-retry.ts.
  await client.query("SET deadlock_timeout = '100ms'").catch(() => undefined);
  const pooled = Object.assign(client, { release: () => undefined });
  const kysely = new Kysely<unknown>({
    dialect: new PostgresDialect({
      pool: { connect: () => Promise.resolve(pooled), end: () => client.end() },
      onCreateConnection: () => Promise.resolve(),
    }),
  });
  return { client, kysely, databaseUrl, schema, close: () => client.end() };
}
