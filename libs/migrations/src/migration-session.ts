import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { explain,type Explanation } from './explain-server-error.ts';
import { MigrationError } from './migration-error.ts';
import { asDatabaseError } from './server-error.ts';

/**
 * The one connection of a migration. Advisory locks belong to a session, so a second connection from a pool would run
 * without them.
 */
export interface MigrationSession {
  readonly client: pg.Client;
  readonly kysely: Kysely<unknown>;
  readonly databaseUrl: string;
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

/** @throws MigrationError `connection` or `permission-denied` */
export async function connectClient(databaseUrl: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: APPLICATION_NAME });
  // The next query reports a connection that broke between two queries.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (cause) {
    throw connectionError(client, cause);
  }
  // If this process is killed, the server ends its statement within a second or two instead of running it to the end
  // with all its locks. Unsupported before PostgreSQL 14 and on some platforms, where it is not needed for correctness.
  await client.query("SET client_connection_check_interval = '1s'").catch(() => undefined);
  return client;
}

export async function openMigrationSession(databaseUrl: string): Promise<MigrationSession> {
  const client = await connectClient(databaseUrl);
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
  return { client, kysely, databaseUrl, close: () => client.end() };
}
