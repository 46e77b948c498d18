import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  findMigrationsDirectory,
  parseMigrationFile,
  readDownFile,
  readMigrationFiles,
} from '@timer-platform/migrations';
import { lintMigration } from './lint-migration.ts';
import { loadParser } from './sql-parser.ts';

const parser = await loadParser();

const lint = (sql: string): string[] =>
  lintMigration(parseMigrationFile('099_new.sql', Buffer.from(sql)), parser);

describe('the migrations of this repository', () => {
  test('block readers or writers for long only with a blocking directive', async () => {
    const directory = findMigrationsDirectory();
    const files = await readMigrationFiles(directory);
    expect(files.flatMap((file) => lintMigration(file, parser))).toEqual([]);
    const down = await Promise.all(files.slice(1).map((file) => readDownFile(directory, file)));
    expect(down.flatMap((file) => lintMigration(file.down, parser))).toEqual([]);
  });

  test('would include 002 if its number did not exempt it (control)', async () => {
    const sql = await readFile(path.join(findMigrationsDirectory(), '002_add_callback_types.sql'), 'utf8');
    expect(lint(sql).join('\n')).toMatch(/backfill in small committed batches/);
  });
});

describe('lintMigration reports', () => {
  test.each([
    ['CREATE INDEX without CONCURRENTLY', 'CREATE INDEX a ON timers (status);', /CONCURRENTLY/],
    ['a unique index without CONCURRENTLY', 'create unique index a on timers (status);', /CONCURRENTLY/],
    ['an UPDATE of all rows', "UPDATE timers SET status = 'failed';", /batches/],
    ['a DELETE', "DELETE FROM timers WHERE status = 'failed';", /batches/],
    ['a change of type', 'ALTER TABLE timers ALTER COLUMN status TYPE text;', /rewrites every row/],
    ['SET NOT NULL', 'ALTER TABLE timers ALTER COLUMN retry SET NOT NULL;', /reads every row/],
    ['a CHECK without NOT VALID', 'ALTER TABLE timers ADD CONSTRAINT a CHECK (claims > 0);', /NOT VALID/],
    [
      'a foreign key without NOT VALID',
      'ALTER TABLE timers ADD CONSTRAINT a FOREIGN KEY (owner) REFERENCES dispatchers(id);',
      /NOT VALID/,
    ],
    ['a primary key', 'ALTER TABLE timers ADD PRIMARY KEY (id);', /USING INDEX/],
    [
      'a volatile default',
      'ALTER TABLE timers ADD COLUMN a uuid DEFAULT gen_random_uuid();',
      /default is a function call/,
    ],
    [
      'a generated column',
      'ALTER TABLE timers ADD COLUMN a text GENERATED ALWAYS AS (status) STORED;',
      /rewrites every row/,
    ],
    ['a column with a CHECK', 'ALTER TABLE timers ADD COLUMN a int CHECK (a > 0);', /bare column/],
    [
      'one blocking action among others',
      'ALTER TABLE timers ADD COLUMN a numeric(10, 2), ALTER COLUMN retry SET NOT NULL;',
      /reads every row/,
    ],
    [
      'VALIDATE in the file that adds the constraint',
      'ALTER TABLE timers ADD CONSTRAINT a CHECK (true) NOT VALID; ALTER TABLE timers VALIDATE CONSTRAINT a;',
      /next file/,
    ],
    ['LOCK TABLE', 'LOCK TABLE timers;', /holds the lock/],
    ['REINDEX', 'REINDEX TABLE timers;', /rewrites/],
    [
      'a write inside a DO block',
      'DO $$ BEGIN UPDATE timers SET claims = 0; END $$;',
      /in a DO block: .*batches/,
    ],
    ['EXECUTE in a DO block', "DO $$ BEGIN EXECUTE 'DROP TABLE a'; END $$;", /cannot be analyzed/],
    ['a DELETE in a WITH clause', 'WITH a AS (DELETE FROM timers RETURNING id) SELECT 1;', /batches/],
    [
      'a quoted and schema-qualified table',
      'ALTER TABLE app."Timers" ALTER "A" SET NOT NULL;',
      /reads every row/,
    ],
    ['a comment between keywords', 'CREATE /* a */ INDEX a ON timers (status);', /CONCURRENTLY/],
    ['MERGE', 'MERGE INTO timers USING a ON true WHEN MATCHED THEN DELETE;', /batches/],
    [
      'a change of type without COLUMN or SET DATA',
      'ALTER TABLE IF EXISTS ONLY timers ALTER "status" TYPE text USING lower(status);',
      /rewrites every row/,
    ],
    ['a syntax error', 'ALTER TABLE timers ADD COLUMN;', /cannot parse it: syntax error/],
    ['RESET', 'RESET lock_timeout;', /SET LOCAL/],
    ['an unknown statement', 'IMPORT FOREIGN SCHEMA a FROM SERVER b INTO c;', /does not know this statement/],
    ['SET without LOCAL', 'SET statement_timeout = 0;', /SET LOCAL/],
  ])('%s', (_name, sql, message) => {
    expect(lint(sql).join('\n')).toMatch(message);
  });

  test('file and line', () => {
    expect(lint('-- a\n\nCREATE INDEX a ON timers (status);')).toEqual([
      expect.stringMatching(/^099_new\.sql:3: /),
    ]);
  });
});

describe('lintMigration accepts', () => {
  test.each([
    [
      'a blocking statement with a blocking directive',
      '-- blocking: the table is empty in production\nCREATE INDEX a ON timers (status);',
    ],
    ['CONCURRENTLY', '-- no-transaction\nCREATE INDEX CONCURRENTLY a ON timers (status);'],
    [
      'new columns with constant or stable defaults',
      "ALTER TABLE timers ADD COLUMN a int NOT NULL DEFAULT 0, ADD b timestamptz DEFAULT now(), ADD c text DEFAULT 'x(1)';",
    ],
    ['NOT VALID', 'ALTER TABLE timers ADD CONSTRAINT a CHECK (claims >= 0) NOT VALID;'],
    ['VALIDATE in its own file', 'ALTER TABLE timers VALIDATE CONSTRAINT a;'],
    [
      'any statement on a table that the file creates',
      'CREATE TABLE a (id int); CREATE INDEX b ON a (id); INSERT INTO a VALUES (1); UPDATE a SET id = 2;',
    ],
    [
      'keywords in strings and comments',
      "COMMENT ON TABLE timers IS 'UPDATE timers'; -- CREATE INDEX a ON timers (b)",
    ],
    ['SET LOCAL', "SET LOCAL lock_timeout = '1s';"],
    [
      'a default in a function call that is evaluated once',
      'ALTER TABLE timers ADD a timestamptz DEFAULT pg_catalog.now();',
    ],
    ['a function call in another action', 'ALTER TABLE timers ADD a int, ALTER b SET DEFAULT random();'],
    ['a lookup in a DO block', 'DO $$ DECLARE a int; BEGIN SELECT 1 INTO a FROM timers; END $$;'],
    ['drops', 'ALTER TABLE timers DROP COLUMN a; DROP INDEX b; DROP TABLE c;'],
  ])('%s', (_name, sql) => {
    expect(lint(sql)).toEqual([]);
  });

  test('a blocking directive on the first line only (control)', () => {
    expect(lint('-- Why.\n-- blocking: small\nCREATE INDEX a ON timers (status);')).toHaveLength(1);
  });
});
