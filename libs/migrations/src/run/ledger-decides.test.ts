import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { checksumOf } from '../files/migration-file.ts';
import { migrateToLatest } from './migrate.ts';

const database = withTestDatabase({ empty: true, perTest: true });
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'migrations-'));
});
afterEach(() => rm(directory, { recursive: true }));

const write = (name: string, sql: string): Promise<void> => writeFile(path.join(directory, name), sql);
const migrate = () => migrateToLatest({ databaseUrl: database.url, directory });
const rowsOf = async (sql: string): Promise<unknown[]> => (await database.query(sql)).rows;
const kyselyNames = () => rowsOf('SELECT name FROM kysely_migration ORDER BY timestamp, name');

describe('the ledger', () => {
  test('decides what is applied; the table of Kysely follows', async () => {
    await write('001_make_a.sql', 'CREATE TABLE a (id int);\n');
    await write('002_make_b.sql', 'CREATE TABLE IF NOT EXISTS b (id int);\n');
    await migrate();
    await database.query('DELETE FROM _sqlx_migrations WHERE version = 2');
    await database.query("DELETE FROM kysely_migration WHERE name = '001_make_a'");
    expect((await migrate()).applied.map(({ file }) => file.fileName)).toEqual(['002_make_b.sql']);
    expect(await kyselyNames()).toEqual([{ name: '001_make_a' }, { name: '002_make_b' }]);
  });

  test('is rejected when the table of Kysely belongs to another application, which keeps its rows', async () => {
    await write('001_make_a.sql', 'CREATE TABLE a (id int);\n');
    await database.query(
      "CREATE TABLE kysely_migration (name varchar(255) PRIMARY KEY, timestamp varchar(255) NOT NULL); INSERT INTO kysely_migration VALUES ('2020_users', '2020-01-01T00:00:00.000Z')",
    );
    await expect(migrate()).rejects.toMatchObject({
      code: 'ledgers-differ',
      message: expect.stringMatching(/2020_users.*schema of its own/),
    });
    expect(await kyselyNames()).toEqual([{ name: '2020_users' }]);
    expect(await rowsOf("SELECT to_regclass('a') AS a")).toEqual([{ a: null }]);
  });

  test('is copied to the table of Kysely by a run that has nothing to apply', async () => {
    await write('001_make_a.sql', 'CREATE TABLE a (id int);\n');
    await migrate();
    await database.query('DROP TABLE kysely_migration');
    expect((await migrate()).applied).toHaveLength(0);
    expect(await kyselyNames()).toEqual([{ name: '001_make_a' }]);
  });

  test('may get rows of sqlx meanwhile, whose files are not applied again', async () => {
    const third = 'CREATE TABLE c (id int);\n';
    const recordThird = `INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
      VALUES (3, 'make c', TRUE, decode('${checksumOf(Buffer.from(third)).toString('hex')}', 'hex'), 1);\n`;
    await write('001_make_a.sql', `CREATE TABLE a (id int);\n${third}${recordThird}`);
    await write('002_make_b.sql', 'CREATE TABLE b (id int);\n');
    await write('003_make_c.sql', third);
    await expect(migrate()).rejects.toMatchObject({
      code: 'busy',
      message: expect.stringMatching(/sqlx, has applied 003_make_c\.sql meanwhile; run again/),
    });
    expect((await migrate()).applied).toHaveLength(0);
    expect(await kyselyNames()).toEqual([
      { name: '001_make_a' },
      { name: '002_make_b' },
      { name: '003_make_c' },
    ]);
  });

  test.each([
    ['behind', '30 s'],
    ['ahead', '-30 s'],
  ])('decides the order, whether the clock of the client is %s or not', async (_name, ahead) => {
    await write('001_make_a.sql', 'CREATE TABLE a (id int);\n');
    await migrate();
    await database.query(`UPDATE _sqlx_migrations SET installed_on = installed_on + interval '${ahead}'`);
    await database.query(
      `UPDATE kysely_migration SET timestamp = to_char((timestamp::timestamptz + interval '${ahead}') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`,
    );
    await write('002_make_b.sql', 'CREATE TABLE b (id int);\n');
    await write('003_make_c.sql', 'CREATE TABLE c (id int);\n');
    expect((await migrate()).applied).toHaveLength(2);
    expect(await kyselyNames()).toEqual(['001_make_a', '002_make_b', '003_make_c'].map((name) => ({ name })));
    expect((await migrate()).applied).toHaveLength(0);
    await write('004_make_d.sql', 'CREATE TABLE d (id int);\n');
    expect((await migrate()).applied).toHaveLength(1);
  });

  test.each([
    ['in a transaction', 'CREATE TABLE b (id int);\n'],
    ['outside a transaction', '-- no-transaction\nCREATE INDEX CONCURRENTLY a_id ON a (id);\n'],
  ])('and the table of Kysely are equal after a kill of a file %s', async (_name, sql) => {
    await write('001_make_a.sql', 'CREATE TABLE a (id int);\n');
    await migrate();
    await write('002_change.sql', sql);
    await database.query(
      'CREATE FUNCTION kill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$',
    );
    for (const table of ['_sqlx_migrations', 'kysely_migration']) {
      await database.query(
        `CREATE TRIGGER kill BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION kill()`,
      );
      await expect(migrate()).rejects.toThrow(/terminat|connection/i);
      await database.query(`DROP TRIGGER kill ON ${table}`);
    }
    await migrate();
    expect(await kyselyNames()).toEqual([{ name: '001_make_a' }, { name: '002_change' }]);
    expect(await rowsOf('SELECT version::int FROM _sqlx_migrations ORDER BY version')).toEqual([
      { version: 1 },
      { version: 2 },
    ]);
  });
});
