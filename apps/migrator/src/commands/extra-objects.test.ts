import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { findMigrationsDirectory, migrateToLatest } from '@timer-platform/migrations';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { type CommandResult, runCommand } from '../testing/run-command.ts';

const database = withTestDatabase({ empty: true, perTest: true });
const run = (...args: string[]): Promise<CommandResult> => runCommand(database.url, ...args);
const rowsOf = async (sql: string): Promise<unknown[]> => (await database.query(sql)).rows;

const HARMLESS: readonly (readonly [name: string, sql: string, remark: string])[] = [
  [
    'an index',
    'CREATE INDEX by_error ON timers (last_error)',
    'index timers.by_error: USING btree (last_error)',
  ],
  ['a column without NOT NULL', 'ALTER TABLE timers ADD COLUMN team text', 'column timers.team: text'],
  [
    'a column with a default',
    'ALTER TABLE timers ADD COLUMN team int NOT NULL DEFAULT 1',
    'column timers.team: integer DEFAULT 1 NOT NULL',
  ],
];

const HARMFUL: readonly (readonly [name: string, sql: string, difference: RegExp])[] = [
  [
    'a column that every insert must fill',
    'ALTER TABLE timers ADD COLUMN team int NOT NULL',
    /\+ column timers\.team: not created by any migration: integer NOT NULL/,
  ],
  [
    'a unique index',
    'CREATE UNIQUE INDEX once ON timers (last_error)',
    /\+ index timers\.once: not created by any migration: UNIQUE/,
  ],
  [
    'a constraint',
    'ALTER TABLE timers ADD CONSTRAINT short CHECK (length(last_error) < 9)',
    /\+ constraint timers\.short/,
  ],
  [
    'a trigger',
    'CREATE TRIGGER extra BEFORE UPDATE ON timers FOR EACH ROW EXECUTE FUNCTION update_updated_at_column()',
    /\+ trigger timers\.extra/,
  ],
  [
    'a table whose foreign key prevents deletions of timers',
    'CREATE TABLE notes (timer uuid REFERENCES timers (id))',
    /\+ foreign key notes\.notes_timer_fkey/,
  ],
];

describe('adopt', () => {
  const createFirstService = async (): Promise<void> => {
    await database.query(
      await readFile(path.join(findMigrationsDirectory(), '001_create_timers.sql'), 'utf8'),
    );
  };

  test.each(HARMLESS)('reports %s that no migration created and adopts', async (_name, sql, remark) => {
    await createFirstService();
    await database.query(sql);
    expect(await run('adopt')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining(`not created by any migration, left as it is: ${remark}`),
    });
    expect(await run('migrate')).toMatchObject({ exitCode: 0 });
    expect(await run('verify')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining(`not created by any migration, left as it is: ${remark}`),
    });
  });

  test.each(HARMFUL.slice(0, 4))('refuses %s', async (_name, sql, difference) => {
    await createFirstService();
    await database.query(sql);
    const refused = await run('adopt');
    expect(refused.stderr).toMatch(difference);
    expect(refused.exitCode).not.toBe(0);
    expect(await rowsOf("SELECT to_regclass('_sqlx_migrations') AS ledger")).toEqual([{ ledger: null }]);
  });
});

describe('verify', () => {
  test.each([
    ...HARMLESS,
    [
      'a table',
      'CREATE TABLE notes (id int PRIMARY KEY, text text NOT NULL)',
      'column notes.text: text NOT NULL',
    ],
    ['a view', 'CREATE VIEW late AS SELECT 1 AS one', 'view late:  SELECT 1 AS one'],
    ['a comment', "COMMENT ON COLUMN timers.metadata IS 'ours'", "comment timers.metadata: 'ours'"],
  ])('reports %s that no migration created and succeeds', async (_name, sql, remark) => {
    await migrateToLatest({ databaseUrl: database.url });
    await database.query(sql);
    const verified = await run('verify');
    expect(verified).toMatchObject({ exitCode: 0, stderr: '' });
    expect(verified.stdout).toContain(`not created by any migration, left as it is: ${remark}`);
    expect(verified.stdout).toMatch(/\nfiles, ledger and live schema match$/);
    expect(JSON.parse((await run('verify', '--json')).stdout)).toMatchObject({
      problems: [],
      remarks: expect.arrayContaining([remark]),
    });
  });

  test.each(HARMFUL)('fails on %s', async (_name, sql, difference) => {
    await migrateToLatest({ databaseUrl: database.url });
    await database.query(sql);
    const failed = await run('verify');
    expect(failed.stderr).toMatch(difference);
    expect(failed.exitCode).not.toBe(0);
  });
});
