import { describe, expect, test } from '@jest/globals';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import pg from 'pg';
import { asMigrationError } from './explain-server-error.ts';

const database = withTestDatabase({ empty: true, perTest: true });

/** Runs SQL in a session of its own and returns the last error. */
async function errorOf(...statements: readonly string[]): Promise<unknown> {
  const client = new pg.Client({ connectionString: database.url });
  client.on('error', () => undefined);
  await client.connect();
  let last: unknown;
  for (const sql of statements)
    await client.query(sql).catch((error: unknown) => {
      last = error;
    });
  await client.end().catch(() => undefined);
  return last;
}

describe('asMigrationError explains', () => {
  test.each<[string, string, RegExp, string[]]>([
    [
      'an object that depends on another',
      'dependent-objects',
      /view v depends on column a of table t\n[\s\S]*drop these objects, run again/,
      ['CREATE TABLE t (a int)', 'CREATE VIEW v AS SELECT a FROM t', 'ALTER TABLE t DROP COLUMN a'],
    ],
    ['a server that is read-only', 'connection', /primary/, ['BEGIN READ ONLY', 'CREATE TABLE t (a int)']],
    [
      'a search_path without a schema',
      'permission-denied',
      /no schema[\s\S]*migrator:plan/,
      ["SET search_path = ''", 'CREATE TABLE t (a int)'],
    ],
    [
      'a statement_timeout',
      'failed',
      /statement_timeout of the role/,
      ['SET statement_timeout = 20', 'SELECT pg_sleep(60)'],
    ],
    ['an ended session', 'connection', /run again/, ['SELECT pg_terminate_backend(pg_backend_pid())']],
    [
      'a lost connection',
      'connection',
      /connection to the database was lost/,
      ['SELECT pg_terminate_backend(pg_backend_pid())', 'SELECT 1'],
    ],
    [
      'any other error of the server',
      'failed',
      /^column "a" does not exist \(SQLSTATE 42703\)/,
      ['SELECT a'],
    ],
  ])('%s as %s', async (_name, code, message, statements) => {
    const error = asMigrationError(await errorOf(...statements));
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
  });
});

test('asMigrationError explains a lock that another session holds as lock-timeout', async () => {
  await database.query('CREATE TABLE t (a int)');
  const holder = new pg.Client({ connectionString: database.url });
  await holder.connect();
  await holder.query('BEGIN; LOCK TABLE t');
  const error = await errorOf("SET lock_timeout = '20ms'", 'ALTER TABLE t ADD b int');
  await holder.end();
  expect(asMigrationError(error)).toMatchObject({ code: 'lock-timeout' });
});

test('asMigrationError leaves a bug alone', () => {
  expect(asMigrationError(new TypeError('x is not a function'))).toBeUndefined();
});
