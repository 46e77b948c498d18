import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { MigrationError } from './migration-error.ts';

/**
 * One connection that everything of a migration runs on. Advisory locks belong to a session, so a pool that quietly
 * opened a second connection would run on without them.
 */
export interface MigrationSession {
  readonly client: pg.Client;
  readonly kysely: Kysely<unknown>;
  readonly databaseUrl: string;
  close(): Promise<void>;
}

/** `application_name` of every connection that the migrator opens. */
export const APPLICATION_NAME = 'timer-migrator';

/** @throws MigrationError `connection`, without the password of the URL. */
export async function connectClient(databaseUrl: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: APPLICATION_NAME });
  // A connection that breaks between two queries: the next query reports it.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (cause) {
    throw new MigrationError(
      'connection',
      `cannot connect to the database: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
  // When this process is killed, the server ends its statement within a second or two instead of finishing it for
  // nobody with all its locks. Unknown before PostgreSQL 14 and on some platforms, and then not needed to be right.
  await client.query("SET client_connection_check_interval = '1s'").catch(() => undefined);
  return client;
}

export async function openMigrationSession(databaseUrl: string): Promise<MigrationSession> {
  const client = await connectClient(databaseUrl);
  // An autovacuum in the way is cancelled when we have waited this long, so below the lock_timeout of a try. Only a
  // superuser may set it; for others every so often a try lasts longer, see lock-retry.ts.
  await client.query("SET deadlock_timeout = '100ms'").catch(() => undefined);
  const lend = Object.assign(client, { release: () => undefined });
  const kysely = new Kysely<unknown>({
    dialect: new PostgresDialect({
      pool: { connect: () => Promise.resolve(lend), end: () => client.end() },
      onCreateConnection: () => Promise.resolve(),
    }),
  });
  return { client, kysely, databaseUrl, close: () => client.end() };
}
