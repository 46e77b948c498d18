/**
 * Checks with sqlx-cli itself that sqlx and the migrator share files and ledger: `npx nx run migrator:check-sqlx`. Prints
 * a line for each check, and exits with 1 if one fails. `npm test` does not run it.
 *
 * Needs cargo and its registry; without cargo it is skipped. The first run compiles two versions of sqlx-cli in the user's
 * cache directory, which takes about ten minutes; later runs take half a minute. Starts an embedded PostgreSQL.
 */
import assert from 'node:assert/strict';
import { appendFile, copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openTemporaryPostgres } from '@timer-platform/embedded-postgres';
import { findMigrationsDirectory, readMigrationFiles } from '@timer-platform/migrations';
import pg from 'pg';
import { runCommand } from '../src/testing/run-command.ts';
import { hasCargo, installSqlxCli, type SqlxCli } from './sqlx-cli.ts';

const CURRENT = '0.8.6';
/** The version of the first service. It does not have `-- no-transaction`. */
const FIRST_SERVICE = '0.7.4';

/** The files of the first service, by the names that our copies of them have. */
const FIRST_SERVICE_FILES = [
  ['001_create_timers.sql', '20250101000000_create_timers.sql'],
  ['002_add_callback_types.sql', '20250102000000_add_callback_types.sql'],
] as const;
const NOT_IN_A_TRANSACTION = /CREATE INDEX CONCURRENTLY cannot run inside a transaction block/;

const directory = findMigrationsDirectory();
const files = await readMigrationFiles(directory);
const newest = String(files.at(-1)?.version);

/** Runs a command of the migrator. @throws when it fails */
async function migrator(url: string, ...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runCommand(url, ...args);
  assert.equal(exitCode, 0, `migrator ${args.join(' ')}: ${stderr}`);
  return stdout;
}

async function expectSqlxToMigrate(sqlx: SqlxCli, url: string, source = directory): Promise<void> {
  const { exitCode, output } = await sqlx.migrate(url, source);
  assert.equal(exitCode, 0, `sqlx migrate run: ${output}`);
}

/** Expects that every file up to `version` is installed and the others are pending, and that `run` applies none of them. */
async function expectInstalled(sqlx: SqlxCli, url: string, version: string): Promise<void> {
  const expected = files.map((file) => ({
    version: String(file.version),
    state: file.version <= BigInt(version) ? 'installed' : 'pending',
  }));
  assert.deepEqual(await sqlx.readStates(url, directory), expected);
  const options = version === newest ? [] : ['--target-version', version];
  const { exitCode, output } = await sqlx.migrate(url, directory, ...options);
  assert.equal(exitCode, 0, `sqlx migrate run: ${output}`);
  // Files beyond the target version are listed as "Skipped".
  assert.doesNotMatch(output, /^Applied/m);
}

async function expectMigratorToHaveNothingToDo(url: string): Promise<void> {
  assert.match(await migrator(url, 'migrate'), /nothing to do/);
  await migrator(url, 'verify');
}

/** Runs `work` with an empty directory. */
async function withDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const temporary = await mkdtemp(path.join(tmpdir(), 'check-sqlx-'));
  try {
    await work(temporary);
  } finally {
    await rm(temporary, { recursive: true });
  }
}

/** Migrates a database as the first service did: with its files, which `work` gets the directory of, and its sqlx. */
function migrateAsFirstService(
  url: string,
  count: number,
  work: (source: string) => Promise<void>,
): Promise<void> {
  return withDirectory(async (source) => {
    for (const [ours, theirs] of FIRST_SERVICE_FILES.slice(0, count))
      await copyFile(path.join(directory, ours), path.join(source, theirs));
    await expectSqlxToMigrate(await installSqlxCli(FIRST_SERVICE), url, source);
    await work(source);
  });
}

type Check = readonly [name: string, run: (url: string, sqlx: SqlxCli) => Promise<void>];

/** An empty database. It depends on the version whether sqlx reaches the end. */
const EMPTY: Readonly<Record<string, Check>> = {
  [CURRENT]: [
    'sqlx migrates an empty database, and the migrator then has nothing to do',
    async (url, sqlx) => {
      await expectSqlxToMigrate(sqlx, url);
      await expectInstalled(sqlx, url, newest);
      await expectMigratorToHaveNothingToDo(url);
    },
  ],
  [FIRST_SERVICE]: [
    'sqlx stops at 004, as documented: it runs no file outside a transaction; the migrator continues from there',
    async (url, sqlx) => {
      const { exitCode, output } = await sqlx.migrate(url, directory);
      assert.equal(exitCode, 1, output);
      assert.match(output, NOT_IN_A_TRANSACTION);
      await expectInstalled(sqlx, url, '3');
      await migrator(url, 'migrate');
      await expectInstalled(sqlx, url, newest);
      await expectMigratorToHaveNothingToDo(url);
    },
  ],
};

const CHECKS: readonly Check[] = [
  [
    'control: a file that was edited after the migrator applied it has another checksum',
    async (url, sqlx) => {
      await migrator(url, 'migrate', '--to', '1');
      await withDirectory(async (source) => {
        const [[first]] = FIRST_SERVICE_FILES;
        await copyFile(path.join(directory, first), path.join(source, first));
        await appendFile(path.join(source, first), '-- edited\n');
        assert.deepEqual(await sqlx.readStates(url, source), [
          { version: '1', state: 'installed (different checksum)' },
        ]);
      });
    },
  ],
  [
    'a database that the migrator brought to 002 has 001 and 002 installed',
    async (url, sqlx) => {
      await migrator(url, 'migrate', '--to', '2');
      await expectInstalled(sqlx, url, '2');
    },
  ],
  [
    'a database that the migrator brought to the end has every file installed',
    async (url, sqlx) => {
      await migrator(url, 'migrate');
      await expectInstalled(sqlx, url, newest);
    },
  ],
  [
    'a database that the migrator brought back to 001 has 001 installed',
    async (url, sqlx) => {
      await migrator(url, 'migrate');
      await migrator(url, 'down', '--to', '1', '--accept-loss');
      await expectInstalled(sqlx, url, '1');
    },
  ],
  [
    'sqlx and the migrator at once apply no file twice; another run of the migrator completes what is left',
    async (url, sqlx) => {
      await Promise.all([sqlx.migrate(url, directory), runCommand(url, 'migrate')]);
      await migrator(url, 'migrate');
      await expectInstalled(sqlx, url, newest);
      await expectMigratorToHaveNothingToDo(url);
    },
  ],
  ...FIRST_SERVICE_FILES.map(([, newestFile], index): Check => [
    `a database of the first service at ${newestFile} is adopted: its sqlx starts until --finish, then ours`,
    (url, sqlx) =>
      migrateAsFirstService(url, index + 1, async (source) => {
        await migrator(url, 'adopt');
        const states = await sqlx.readStates(url, source);
        assert.deepEqual(new Set(states.map(({ state }) => state)), new Set(['installed']));
        await expectSqlxToMigrate(sqlx, url, source);
        // Our files must not run on the ledger of the first service.
        const { exitCode, output } = await sqlx.migrate(url, directory);
        assert.equal(exitCode, 1);
        assert.match(output, /20250101000000 was previously applied but is missing/);
        await migrator(url, 'migrate');
        await migrator(url, 'adopt', '--finish', '--old-service-stopped');
        await expectInstalled(sqlx, url, newest);
      }),
  ]),
];

async function runChecks(serverUrl: string): Promise<void> {
  const admin = new pg.Client({ connectionString: serverUrl });
  await admin.connect();
  let number = 0;
  for (const version of [CURRENT, FIRST_SERVICE]) {
    const sqlx = await installSqlxCli(version);
    const ofVersion = EMPTY[version];
    for (const [name, run] of ofVersion === undefined ? CHECKS : [ofVersion, ...CHECKS]) {
      number += 1;
      const url = new URL(serverUrl);
      url.pathname = `/check_${number}`;
      await admin.query(`CREATE DATABASE check_${number}`);
      try {
        await run(url.href, sqlx);
        process.stdout.write(`ok      sqlx ${version}: ${name}\n`);
      } catch (error) {
        process.exitCode = 1;
        process.stdout.write(
          `failed  sqlx ${version}: ${name}\n${error instanceof Error ? error.message : String(error)}\n`,
        );
      }
    }
  }
  await admin.end();
}

if (!(await hasCargo())) {
  process.stdout.write('skipped: this check needs cargo, which is not installed (https://rustup.rs)\n');
} else {
  const server = await openTemporaryPostgres({ log: () => undefined });
  try {
    await runChecks(server.url);
  } finally {
    await server.stop();
  }
}
