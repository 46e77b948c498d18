import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { adoptDatabase } from './ledger/adopt.ts';
import { openMigrationSession } from './migration-session.ts';
import { migrateToLatest } from './run/migrate.ts';
import { migrateDown } from './run/migrate-down.ts';

const database = withTestDatabase({ empty: true, perTest: true });
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'migrations-'));
});
afterEach(() => rm(directory, { recursive: true }));

const write = (name: string, sql: string): Promise<void> => writeFile(path.join(directory, name), sql);

/** The URL of the test database with this search_path. */
function urlWithPath(searchPath: string): string {
  const url = new URL(database.url);
  url.searchParams.set('options', `-c search_path=${searchPath.replaceAll(' ', '\\ ')}`);
  return url.href;
}

const rowsOf = async (sql: string): Promise<unknown[]> => (await database.query(sql)).rows;
const objectsIn = async (schema: string): Promise<unknown[]> =>
  (
    await database.query(
      'SELECT relname FROM pg_class WHERE relnamespace = $1::regnamespace ORDER BY relname',
      [schema],
    )
  ).rows;

test('is bound to the current schema alone', async () => {
  await database.query('CREATE SCHEMA "Two Words"');
  const session = await openMigrationSession(urlWithPath('missing, "Two Words", public'));
  try {
    expect(session.schema).toBe('Two Words');
    expect((await session.client.query('SHOW search_path')).rows).toEqual([{ search_path: '"Two Words"' }]);
  } finally {
    await session.close();
  }
});

test('is rejected when search_path names no schema that exists', async () => {
  await expect(openMigrationSession(urlWithPath('missing'))).rejects.toMatchObject({
    code: 'no-schema',
    message: expect.stringContaining('search_path is missing'),
  });
});

describe('two installations in one database', () => {
  const [a, b] = ['a,b', 'b,a'];
  beforeEach(() => database.query('CREATE SCHEMA a; CREATE SCHEMA b'));

  test('are migrated and undone independently', async () => {
    await migrateToLatest({ databaseUrl: urlWithPath(a), to: 8n });
    const before = await objectsIn('a');
    await migrateToLatest({ databaseUrl: urlWithPath(b) });
    expect(await objectsIn('a')).toEqual(before);
    expect(await rowsOf('SELECT max(version)::int AS version FROM a._sqlx_migrations')).toEqual([
      { version: 8 },
    ]);

    await migrateDown({ databaseUrl: urlWithPath(b), to: 1n, acceptLoss: true });
    expect(await rowsOf('SELECT max(version)::int AS version FROM b._sqlx_migrations')).toEqual([
      { version: 1 },
    ]);
    expect(await objectsIn('a')).toEqual(before);
    const { applied } = await migrateToLatest({ databaseUrl: urlWithPath(a) });
    expect(applied.map(({ file }) => file.version)).toEqual(applied.map((_, index) => BigInt(index + 9)));
    expect(applied.length).toBeGreaterThan(8);
  });

  test('do not adopt the table of the other one', async () => {
    await migrateToLatest({ databaseUrl: urlWithPath(a), to: 1n });
    await database.query('DROP TABLE a._sqlx_migrations');
    expect(await adoptDatabase({ databaseUrl: urlWithPath(b) })).toBeUndefined();
  });

  test('do not drop an index of the other one as the leftover of an interrupted run', async () => {
    await write('001_make_t.sql', 'CREATE TABLE t (id int);\n');
    await write('002_index_t.sql', '-- no-transaction\nCREATE INDEX CONCURRENTLY t_id ON t (id);\n');
    await migrateToLatest({ databaseUrl: urlWithPath(a), directory });
    await migrateToLatest({ databaseUrl: urlWithPath('b'), directory, to: 1n });
    const index = await rowsOf("SELECT 'a.t_id'::regclass::oid AS oid");
    await migrateToLatest({ databaseUrl: urlWithPath(b), directory });
    expect(await rowsOf("SELECT to_regclass('a.t_id')::oid AS oid")).toEqual(index);
  });
});

test('ignores the tables of another application that uses Kysely or sqlx, in another schema of the search_path', async () => {
  await database.query(`
    CREATE SCHEMA other;
    CREATE TABLE other.kysely_migration (name varchar(255) NOT NULL PRIMARY KEY, timestamp varchar(255) NOT NULL);
    CREATE TABLE other.kysely_migration_lock (id varchar(255) NOT NULL PRIMARY KEY, is_locked integer NOT NULL DEFAULT 0);
    INSERT INTO other.kysely_migration VALUES ('2020-01-01-users', '2020-01-01T00:00:00.000Z');
    INSERT INTO other.kysely_migration_lock VALUES ('migration_lock', 0);
    CREATE TABLE other._sqlx_migrations (version bigint PRIMARY KEY, description text NOT NULL,
      installed_on timestamptz NOT NULL DEFAULT now(), success boolean NOT NULL, checksum bytea NOT NULL, execution_time bigint NOT NULL);
    INSERT INTO other._sqlx_migrations VALUES (7, 'users', now(), true, '\\x00', 1)`);
  await write('001_make_t.sql', 'CREATE TABLE t (id int);\n');
  await write('002_make_u.sql', 'CREATE TABLE u (id int);\n');
  const databaseUrl = urlWithPath('public,other');
  await migrateToLatest({ databaseUrl, directory, to: 1n });
  expect((await migrateToLatest({ databaseUrl, directory })).applied).toHaveLength(1);
  expect(await rowsOf('SELECT name FROM public.kysely_migration ORDER BY name')).toEqual([
    { name: '001_make_t' },
    { name: '002_make_u' },
  ]);
  expect(await rowsOf('SELECT name FROM other.kysely_migration')).toEqual([{ name: '2020-01-01-users' }]);
  expect(await rowsOf('SELECT version::int FROM other._sqlx_migrations')).toEqual([{ version: 7 }]);
});
