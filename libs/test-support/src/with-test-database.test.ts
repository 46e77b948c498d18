import { describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { openTestDatabase } from './open-test-database.ts';
import { withTestDatabase } from './with-test-database.ts';

async function connect(url: string) {
  const client = new pg.Client({ connectionString: url, application_name: 'handle' });
  await client.connect();
  return { client, close: () => client.end() };
}

describe('withTestDatabase', () => {
  const database = withTestDatabase({ open: connect });

  test('opens the handle on a database with the newest schema', async () => {
    const { rows } = await database.db.client.query('SELECT current_database() AS name FROM timers');
    expect(rows).toEqual([]);
    await database.query('CREATE TABLE kept_until_the_end ()');
  });

  test('keeps the database for all tests', async () => {
    const { rowCount } = await database.query('SELECT FROM kept_until_the_end');
    expect(rowCount).toBe(0);
  });
});

describe('withTestDatabase({ perTest: true, empty: true })', () => {
  const database = withTestDatabase({ perTest: true, empty: true });

  test.each([1, 2])('creates an empty database for each test: test %d', async () => {
    const { rows } = await database.query(
      "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace",
    );
    expect(rows).toEqual([]);
    await database.query('CREATE TABLE timers ()');
  });

  test('has no handle', () => {
    expect(() => database.db).toThrow('without open');
  });
});

describe('openTestDatabase', () => {
  test('fails to close if an idle connection broke', async () => {
    const opened = await openTestDatabase({
      open: async (url, onIdleError) => {
        const handle = await connect(url);
        handle.client.on('error', onIdleError);
        return handle;
      },
    });
    const ended = new Promise((resolve) => opened.handle?.client.once('end', resolve));
    await opened.client.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'handle' AND datname = current_database()",
    );
    await ended;
    await expect(opened.close()).rejects.toThrow(/idle connections broke: .*terminat/);
  });
});
