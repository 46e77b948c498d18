import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { type CommandResult, runCommand, runCommandWith } from '../testing/run-command.ts';

const database = withTestDatabase({ empty: true, perTest: true });
const run = (...args: string[]): Promise<CommandResult> => runCommand(database.url, ...args);
const rowsOf = async (sql: string): Promise<unknown[]> => (await database.query(sql)).rows;

const LEGACY_LEDGER = `
CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, installed_on TIMESTAMPTZ NOT NULL DEFAULT now(),
  success BOOLEAN NOT NULL, checksum BYTEA NOT NULL, execution_time BIGINT NOT NULL);
INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (20250101000000, 'legacy', true, '\\x00', 1)`;

describe('adopt --finish', () => {
  test.each([
    ['that the first service does not have', '20250303000000'],
    ['with a version of ours', '1'],
  ])(
    'refuses a row %s in the ledger of the first service, names it and changes nothing',
    async (_name, version) => {
      await run('migrate', '--to', '1');
      await database.query('DROP TABLE _sqlx_migrations');
      await database.query(LEGACY_LEDGER);
      expect(await run('adopt')).toMatchObject({ exitCode: 0 });
      await database.query(
        `INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (${version}, 'unknown', true, '\\x00', 1)`,
      );
      const refused = await run('adopt', '--finish', '--old-service-stopped');
      expect(refused.stderr).toMatch(
        new RegExp(`records ${version} \\(unknown\\).*delete these rows and run again`),
      );
      expect(refused.exitCode).not.toBe(0);
      expect(await rowsOf('SELECT version::text FROM _sqlx_migrations ORDER BY version')).toHaveLength(2);

      await database.query(`DELETE FROM _sqlx_migrations WHERE version = ${version}`);
      expect(await run('adopt', '--finish', '--old-service-stopped')).toMatchObject({ exitCode: 0 });
      expect(await run('status')).toMatchObject({
        stdout: expect.stringMatching(/_sqlx_migrations: 1 applied/),
      });
    },
  );
});

describe('adopt --repair-line-endings', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'repair-'));
    await writeFile(path.join(directory, '001_a.sql'), 'CREATE TABLE a (\n  id int\n);\n');
    await writeFile(path.join(directory, '002_b.sql'), 'CREATE TABLE b (id int);\n');
    await run('migrate', '--migrations', directory);
  });
  afterEach(() => rm(directory, { recursive: true }));
  const record = (version: number, text: string): Promise<unknown> =>
    database.query('UPDATE _sqlx_migrations SET checksum = $2 WHERE version = $1', [
      version,
      createHash('sha384').update(text).digest(),
    ]);

  test('records the checksum of a file that was applied with CRLF, as the error says', async () => {
    await record(1, 'CREATE TABLE a (\r\n  id int\r\n);\r\n');
    expect(await run('migrate', '--migrations', directory)).toMatchObject({
      stderr: expect.stringContaining('npx nx run migrator:adopt -- --repair-line-endings'),
    });
    expect(await run('adopt', '--repair-line-endings', '--migrations', directory)).toMatchObject({
      exitCode: 0,
      stdout: 'done, recorded the checksums of 001_a.sql',
    });
    expect(await run('migrate', '--migrations', directory)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('nothing to do'),
    });
  });

  test('does not accept another edit', async () => {
    await record(1, 'CREATE TABLE a (\r\n  id bigint\r\n);\r\n');
    expect(await run('adopt', '--repair-line-endings', '--migrations', directory)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('nothing to repair'),
    });
    expect(await run('migrate', '--migrations', directory)).toMatchObject({
      stderr: expect.stringContaining('001_a.sql: edited after it was applied'),
    });
  });
});

test.each(['true', '1', 'on'])(
  'TRANSACTION_POOLER=%s is refused by every command that connects',
  async (value) => {
    for (const command of [['migrate'], ['status'], ['down', '--to', '1'], ['online', 'status']]) {
      const env = { DATABASE_URL: database.url, TRANSACTION_POOLER: value };
      expect(await runCommandWith(env, ...command)).toMatchObject({
        exitCode: 2,
        stderr: expect.stringMatching(/^TRANSACTION_POOLER is true.*connect directly to PostgreSQL/),
      });
    }
    expect(await rowsOf("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace")).toEqual(
      [],
    );
  },
);
