import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { withDatabase } from './server-connection.ts';
import { createTestDatabase, type TestDatabase } from './test-database.ts';

async function connect(url: string, application = 'jest'): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: application });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

async function columns(url: string): Promise<string[]> {
  const client = await connect(url);
  try {
    const { rows } = await client.query<{ column_name: string }>(
      "SELECT column_name FROM information_schema.columns WHERE table_name = 'timers'",
    );
    return rows.map(({ column_name: name }) => name);
  } finally {
    await client.end();
  }
}

describe('createTestDatabase', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  test('has the newest schema', async () => {
    expect(await columns(database.url)).toEqual(expect.arrayContaining(['callback_type', 'callback_config']));
  });

  test('creates separate databases, also concurrently', async () => {
    const others = await Promise.all([createTestDatabase(), createTestDatabase()]);
    const client = await connect(others[0].url);
    await client.query('CREATE TABLE only_here ()');
    await client.end();
    const other = await connect(others[1].url);
    await expect(other.query('SELECT FROM only_here')).rejects.toMatchObject({ code: '42P01' });
    await other.end();
    await Promise.all(others.map((each) => each.drop()));
  });

  test('creates a database without tables if empty is set', async () => {
    const empty = await createTestDatabase({ empty: true });
    expect(await columns(empty.url)).toEqual([]);
    await empty.drop();
  });

  test('copies another test database, also while copies of it are used', async () => {
    const original = await createTestDatabase({ empty: true });
    const client = await connect(original.url);
    await client.query('CREATE TABLE timers (only_here int)');
    await client.end();
    const one = await createTestDatabase({ copyOf: original });
    const user = await connect(one.url);
    const other = await createTestDatabase({ copyOf: original });
    expect(await columns(other.url)).toEqual(['only_here']);
    await user.end();
    await Promise.all([one, other, original].map((each) => each.drop()));
  });

  test('drops a database that still has a connection, and throws an error that names the connection', async () => {
    const leaky = await createTestDatabase();
    const leak = await connect(leaky.url, 'forgotten pool');
    await leak.query("SELECT 'the last query'");
    await expect(leaky.drop()).rejects.toThrow(
      /not closed:\n.*"forgotten pool" idle: SELECT 'the last query'/,
    );
    await leak.end().catch(() => undefined);
    const server = await connect(withDatabase(database.url, database.name));
    const { rowCount } = await server.query('SELECT FROM pg_database WHERE datname = $1', [leaky.name]);
    await server.end();
    expect(rowCount).toBe(0);
  });
});
