import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { bundleProgram } from '@timer-platform/test-support';
import { withTestDatabase } from '@timer-platform/test-support/jest';

const database = withTestDatabase({ empty: true, perTest: true });
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'migrations-'));
});
afterEach(() => rm(directory, { recursive: true }));

let main: string;
beforeAll(async () => {
  main = await bundleProgram(fileURLToPath(new URL('main.ts', import.meta.url)));
});

/** Starts the migrator in its own process. */
function start(...args: string[]): {
  readonly kill: () => void;
  readonly exit: Promise<{ code: number | null; stdout: string; stderr: string }>;
} {
  const child = spawn(process.execPath, [main, ...args, '--migrations', directory], {
    env: { ...process.env, DATABASE_URL: database.url },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const code = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return {
    kill: () => child.kill('SIGKILL'),
    exit: Promise.all([code, text(child.stdout), text(child.stderr)]).then(([exitCode, stdout, stderr]) => ({
      code: exitCode,
      stdout,
      stderr,
    })),
  };
}

async function waitFor(sql: string): Promise<void> {
  while ((await database.query(sql)).rowCount === 0) await new Promise((resolve) => setTimeout(resolve, 10));
}

const write = (name: string, sql: string): Promise<void> => writeFile(path.join(directory, name), sql);
/** A file that runs until the test releases the advisory lock. */
const waitForRelease = 'SELECT pg_advisory_lock(7), pg_advisory_unlock(7);\n';
const isWaiting = `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 7 AND NOT granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

test('ten concurrent processes apply each file once and all succeed', async () => {
  await write('001_make_a.sql', 'CREATE TABLE a (id int);\n');
  await write('002_fill_a.sql', 'INSERT INTO a VALUES (1);\n');
  await write('003_index_a.sql', '-- no-transaction\nCREATE INDEX CONCURRENTLY a_id ON a (id);\n');
  const ended = await Promise.all(Array.from({ length: 10 }, () => start('migrate', '--json').exit));
  expect(ended.map(({ code }) => code)).toEqual(Array(10).fill(0));
  const versions = ended.flatMap(({ stdout }) =>
    Array.from(stdout.matchAll(/"file": "(\d+)/g), (match) => match[1]),
  );
  expect(versions.sort()).toEqual(['001', '002', '003']);
  expect((await database.query('SELECT * FROM a')).rowCount).toBe(1);
});

test('a second process waits, or exits with 6 with --lock-wait 0, until kill -9 of the first', async () => {
  await write('001_make_a.sql', `CREATE TABLE a (id int);\n${waitForRelease}`);
  await database.query('SELECT pg_advisory_lock(7)');
  const first = start('migrate');
  await waitFor(isWaiting);

  expect(await start('migrate', '--lock-wait', '0').exit).toMatchObject({
    code: 6,
    stderr: expect.stringMatching(/another migrator is running.*timer-migrator/),
  });
  const second = start('migrate');
  await waitFor(
    `SELECT 1 FROM pg_stat_activity WHERE application_name = 'timer-migrator' AND query LIKE '%pg_try_advisory_lock%'
       AND datname = current_database()`,
  );
  first.kill();
  await write('001_make_a.sql', 'CREATE TABLE a (id int);\n');
  expect(await first.exit).toMatchObject({ code: null });
  // The second process has read the file with the lock before it was rewritten.
  await waitFor(isWaiting);
  await database.query('SELECT pg_advisory_unlock(7)');
  expect(await second.exit).toMatchObject({ code: 0, stdout: expect.stringContaining('001_make_a.sql') });
});

test('a failed statement gives its exit code and the message of PostgreSQL on standard error only', async () => {
  await write('001_fails.sql', 'CREATE TABLE a (id int);\nSELECT nothing;\n');
  expect(await start('migrate').exit).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(
      /^error \(failed\): 001_fails\.sql:2:8: column "nothing" does not exist \(SQLSTATE 42703\)\nstatement: SELECT nothing\n/,
    ),
  });
  expect((await database.query("SELECT 1 WHERE to_regclass('a') IS NOT NULL")).rowCount).toBe(0);
});
