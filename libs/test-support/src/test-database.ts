import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { runOnServer, withDatabase } from './server-connection.ts';
import { TEST_SERVER_VARIABLE, type TestServerAddress, testServerAddressSchema } from './test-server.ts';

/** A database that only the caller uses. */
export interface TestDatabase {
  readonly url: string;
  readonly name: string;
  /**
   * Drops the database. Close all connections first.
   * @throws when sessions are still connected after five seconds; the message lists them
   */
  drop(): Promise<void>;
}

export interface TestDatabaseOptions {
  /** true: without any tables. By default the newest schema, without a ledger. */
  readonly empty?: boolean;
  /** A test database to copy, without connections. From now on nothing can connect to it. */
  readonly copyOf?: TestDatabase;
}

const OBJECT_IN_USE = '55006';

function testServerAddress(): TestServerAddress {
  const text = process.env[TEST_SERVER_VARIABLE];
  if (text === undefined)
    throw new Error('No test server: the jest.config.mjs of this project must use jest.database.preset.mjs');
  return testServerAddressSchema.parse(JSON.parse(text));
}

interface Session {
  readonly pid: number;
  readonly application_name: string;
  readonly state: string | null;
  readonly query: string;
}

async function findSessions(url: string, database: string): Promise<readonly Session[]> {
  const client = new pg.Client({ connectionString: url, application_name: 'test support' });
  await client.connect();
  try {
    const { rows } = await client.query<Session>(
      'SELECT pid, application_name, state, query FROM pg_stat_activity WHERE datname = $1 ORDER BY pid',
      [database],
    );
    return rows;
  } finally {
    await client.end();
  }
}

async function dropDatabase(serverUrl: string, name: string): Promise<void> {
  try {
    // PostgreSQL waits five seconds for sessions to end.
    await runOnServer(serverUrl, `DROP DATABASE ${name}`);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.code !== OBJECT_IN_USE) throw error;
    const sessions = await findSessions(serverUrl, name);
    await runOnServer(serverUrl, `DROP DATABASE ${name} WITH (FORCE)`);
    const lines = sessions.map(
      ({ pid, application_name: application, state, query }) =>
        `  ${pid} "${application}" ${state ?? ''}: ${query.replace(/\s+/g, ' ').slice(0, 200)}`,
    );
    throw new Error(`Connections to the test database were not closed:\n${lines.join('\n')}`);
  }
}

/** Creates a database as a copy of the migrated template, in about 50 ms. */
export async function createTestDatabase({
  empty = false,
  copyOf,
}: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const { url: serverUrl, template } = testServerAddress();
  const name = `timer_test_${randomBytes(6).toString('hex')}`;
  // PostgreSQL cannot copy a database that has a connection, and autovacuum counts.
  if (copyOf !== undefined)
    await runOnServer(serverUrl, `ALTER DATABASE ${copyOf.name} ALLOW_CONNECTIONS false`);
  const source = copyOf?.name ?? (empty ? 'template0' : template);
  await runOnServer(serverUrl, `CREATE DATABASE ${name} TEMPLATE ${source}`);
  return { url: withDatabase(serverUrl, name), name, drop: () => dropDatabase(serverUrl, name) };
}
