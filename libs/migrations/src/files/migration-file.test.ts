import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parseMigrationFile, readMigrationFiles } from './migration-file.ts';
import { findMigrationsDirectory } from './migrations-directory.ts';

const parse = (name: string, sql: string) => parseMigrationFile(name, Buffer.from(sql, 'utf8'));

function errorOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe('parseMigrationFile', () => {
  test('reads version, description and checksum as sqlx does', () => {
    const file = parse('001_create_timers.sql', 'SELECT 1;\n');
    expect(file.version).toBe(1n);
    expect(file.description).toBe('create timers');
    expect(file.name).toBe('001_create_timers');
    // printf 'SELECT 1;\n' | sha384sum
    expect(file.checksum.toString('hex')).toBe(
      '24454095d8d7876ca8e842f34296ca645c83e0f7b50f048c99db4b2ff4da659267afc4ef3e994f3d74e18c741165d931',
    );
  });

  test.each([
    ['a name without a number', 'create.sql', 'SELECT 1', 'bad-name'],
    ['a name without a description', '001_.sql', 'SELECT 1', 'bad-name'],
    ['CRLF', '001_a.sql', 'SELECT 1;\r\n', 'crlf'],
    ['a byte order mark', '001_a.sql', '\ufeffSELECT 1', 'byte-order-mark'],
    ['a psql command', '001_a.sql', 'SELECT 1;\n\\i other.sql\n', 'not-plain-sql'],
    ['BEGIN', '001_a.sql', 'BEGIN; SELECT 1; COMMIT;', 'not-plain-sql'],
    ['COMMIT', '001_a.sql', 'SELECT 1; commit;', 'not-plain-sql'],
    ['ROLLBACK', '001_a.sql', 'SELECT 1; ROLLBACK', 'not-plain-sql'],
    [
      'two statements outside a transaction',
      '001_a.sql',
      '-- no-transaction\nSELECT 1; SELECT 2;',
      'not-one-statement',
    ],
    ['no statement outside a transaction', '001_a.sql', '-- no-transaction\n', 'not-one-statement'],
  ])('rejects %s', (_name, fileName, sql, code) => {
    expect(errorOf(() => parse(fileName, sql))).toMatchObject({ name: 'MigrationError', code });
  });

  test('accepts text that only looks like a psql command or a COMMIT', () => {
    const sql = "SELECT '\n\\i x';\nDO $$ BEGIN\n COMMIT; END $$;\nROLLBACK TO SAVEPOINT a;";
    expect(parse('001_a.sql', sql).statements).toHaveLength(3);
  });

  test('runs a file outside a transaction only with the directive on the first line', () => {
    expect(parse('001_a.sql', '-- no-transaction\nSELECT 1').inTransaction).toBe(false);
    expect(parse('001_a.sql', '--no-transaction\nSELECT 1').inTransaction).toBe(true);
    expect(parse('001_a.sql', '\n-- no-transaction\nSELECT 1').inTransaction).toBe(true);
  });
});

describe('readMigrationFiles', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'migrations-'));
  });
  afterEach(() => rm(directory, { recursive: true }));
  const write = (name: string, sql = 'SELECT 1;\n') => writeFile(path.join(directory, name), sql);

  test('orders by number and ignores subdirectories, .down.sql and files that are not .sql', async () => {
    await Promise.all([
      write('010_c.sql'),
      write('002_b.sql'),
      write('001_a.sql'),
      write('002_b.down.sql'),
      write('README.md'),
    ]);
    await mkdir(path.join(directory, 'schema'));
    const files = await readMigrationFiles(directory);
    expect(files.map((file) => file.name)).toEqual(['001_a', '002_b', '010_c']);
  });

  test('rejects two files with the same number and names both', async () => {
    await Promise.all([write('002_a.sql'), write('002_b.sql')]);
    await expect(readMigrationFiles(directory)).rejects.toMatchObject({
      code: 'duplicate-version',
      message: expect.stringMatching(/002_a\.sql and 002_b\.sql/),
    });
  });

  test('rejects numbers that sort differently by name, because Kysely sorts by name', async () => {
    await Promise.all([write('2_a.sql'), write('10_b.sql')]);
    await expect(readMigrationFiles(directory)).rejects.toMatchObject({ code: 'bad-name' });
  });

  test('rejects a directory that is missing or contains no migrations', async () => {
    await expect(readMigrationFiles(path.join(directory, 'none'))).rejects.toMatchObject({
      code: 'bad-directory',
    });
    await expect(readMigrationFiles(directory)).rejects.toMatchObject({ code: 'bad-directory' });
  });

  test('reads the files of this repository', async () => {
    const files = await readMigrationFiles(findMigrationsDirectory());
    expect(files.slice(0, 2).map((file) => file.fileName)).toEqual([
      '001_create_timers.sql',
      '002_add_callback_types.sql',
    ]);
  });
});
