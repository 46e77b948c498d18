import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  compareSchemas,
  dumpSchema,
  findMigrationsDirectory,
  type MigrationErrorCode,
  readMigrationFiles,
  readSchemaObjects,
  readStoredSchema,
} from '@timer-platform/migrations';
import type { TestDatabase } from '@timer-platform/test-support';
import pg from 'pg';
import { EXIT_CODE_OF_ERROR } from '../exit-codes.ts';
import { createMigratedDatabase } from '../testing/migrated-database.ts';
import { type CommandResult, runCommand } from '../testing/run-command.ts';

let database: TestDatabase;
let client: pg.Client;

async function open(upTo?: number): Promise<void> {
  database = await createMigratedDatabase(upTo);
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
}
afterEach(async () => {
  await client.end();
  await database.drop();
});

const run = (...args: string[]): Promise<CommandResult> => runCommand(database.url, ...args);
const rowsOf = async (sql: string): Promise<unknown[]> =>
  (await client.query<Record<string, unknown>>(sql)).rows;
const insertTimers = (count: number) =>
  client.query(
    `INSERT INTO timers (execute_at, callback_url, callback_headers, callback_payload)
     SELECT now() + interval '1 day', 'http://a/' || i, (ARRAY[NULL, '{"a": "b"}'])[i % 2 + 1]::jsonb, to_jsonb(i) FROM generate_series(1, $1) AS i`,
    [count],
  );
const newest = async (): Promise<number> =>
  Math.max(
    ...(await readdir(findMigrationsDirectory()))
      .map((name) => Number.parseInt(name, 10))
      .filter(Number.isInteger),
  );

describe('migrate', () => {
  test('prints each applied file with its duration; a second run has nothing to do', async () => {
    await open(0);
    const first = await run('migrate');
    expect(first).toMatchObject({ exitCode: 0, stderr: '' });
    expect(first.stdout).toMatch(
      /^001_create_timers\.sql {2}\d+ ms\n002_add_callback_types\.sql {2}[\d.]+ m?s\n/,
    );
    expect(first.stdout).toMatch(/\ndone, the schema is at version \d+$/);
    expect((await run('migrate')).stdout).toBe(`nothing to do, the schema is at version ${await newest()}`);
    expect(JSON.parse((await run('migrate', '--json')).stdout)).toEqual({
      applied: [],
      waiting: [],
      version: await newest(),
    });
  });

  test('rejects 002 on a table above the limit, except with --allow-blocking', async () => {
    await open(1);
    await insertTimers(3);
    const rejected = await run('migrate', '--blocking-row-limit', '2');
    expect(rejected).toMatchObject({
      exitCode: 7,
      stderr: expect.stringMatching(/migrator:online.*--allow-blocking/),
    });
    expect(await rowsOf('SELECT max(version)::int AS version FROM _sqlx_migrations')).toEqual([
      { version: 1 },
    ]);
    expect(await run('migrate', '--blocking-row-limit', '3', '--to', '1')).toMatchObject({ exitCode: 0 });
    expect(await run('migrate', '--blocking-row-limit', '2', '--allow-blocking')).toMatchObject({
      exitCode: 0,
    });
  });

  test('reports an invalid option and an unreachable database, each with its exit code', async () => {
    await open(0);
    expect(await run('migrate', '--to', 'two')).toMatchObject({ exitCode: 2 });
    expect(await run('migrate', '--to', '99')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('no migration 99'),
    });
    const unreachable = await runCommand('postgres://user:secret@127.0.0.1:1/none', 'migrate', '--json');
    expect(unreachable.exitCode).toBe(4);
    expect(JSON.parse(unreachable.stdout)).toMatchObject({ error: { code: 'connection' } });
    expect(unreachable.stdout + unreachable.stderr).not.toContain('secret');
    expect(await runCommand('mysql://a', 'migrate')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('DATABASE_URL'),
    });
  });
});

describe('status and plan', () => {
  test('status --check exits with 3 while files are pending', async () => {
    await open(1);
    expect(await run('status')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('pending  002_add_callback_types.sql'),
    });
    expect(await run('status', '--check')).toMatchObject({ exitCode: 3 });
    await run('migrate');
    expect(await run('status', '--check')).toMatchObject({ exitCode: 0 });
    expect(JSON.parse((await run('status', '--json')).stdout)).toMatchObject({
      pending: [],
      problems: [],
      ledger: '_sqlx_migrations',
    });
  });

  test('plan shows SQL, locks, rows and hazards and changes nothing', async () => {
    await open(1);
    await insertTimers(100);
    await client.query('ANALYZE timers');
    const { stdout } = await run('plan');
    expect(stdout).toContain('002_add_callback_types.sql  (one transaction)');
    expect(stdout).toMatch(
      /UPDATE timers SET[\s\S]*?lock: ROW EXCLUSIVE on timers, about 100 rows; BLOCKS OTHERS/,
    );
    expect(stdout).toContain('backfill in small committed batches instead');
    expect(JSON.parse((await run('plan', '--json')).stdout)).toMatchObject({
      files: expect.arrayContaining([expect.objectContaining({ version: 2, blocks_table: true })]),
    });
    expect(await rowsOf('SELECT max(version)::int AS version FROM _sqlx_migrations')).toEqual([
      { version: 1 },
    ]);
  });

  test('plan on an empty database leaves it empty', async () => {
    await open(0);
    expect((await run('plan')).stdout).toContain('001_create_timers.sql');
    expect(await rowsOf("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace")).toEqual(
      [],
    );
  });
});

describe('verify', () => {
  let directory: string;
  beforeEach(async () => {
    await open();
    const root = await mkdtemp(path.join(tmpdir(), 'verify-'));
    directory = path.join(root, 'migrations');
    await cp(findMigrationsDirectory(), directory, { recursive: true });
  });
  afterEach(() => rm(path.dirname(directory), { recursive: true }));
  const file = (name: string): string => path.join(directory, name);
  const edit = async (name: string, change: (text: string) => string): Promise<void> =>
    writeFile(file(name), change(await readFile(file(name), 'utf8')));

  test('accepts a migrated database', async () => {
    expect(await run('verify', '--migrations', directory)).toEqual({
      exitCode: 0,
      stdout: 'files, ledger and live schema match',
      stderr: '',
    });
  });

  test.each<[string, MigrationErrorCode, RegExp, () => Promise<unknown>]>([
    [
      'an edited file',
      'edited',
      /005_\S+: edited after it was applied/,
      () => edit('005_index_claimed_timers.sql', (text) => `${text}\n`),
    ],
    [
      'a missing file',
      'vanished',
      /version 5 \(index claimed timers\) was applied .* no file has that number/,
      () => rm(file('005_index_claimed_timers.sql')),
    ],
    [
      'a renamed file',
      'renamed',
      /005_other\.sql: was applied under the description "index claimed timers"/,
      async () => {
        await cp(file('005_index_claimed_timers.sql'), file('005_other.sql'));
        await rm(file('005_index_claimed_timers.sql'));
      },
    ],
    [
      'two files with the same number',
      'duplicate-version',
      /have the same number 5/,
      () => cp(file('005_index_claimed_timers.sql'), file('005_other.sql')),
    ],
    [
      'CRLF line endings',
      'crlf',
      /002_\S+: has Windows line endings/,
      () => edit('002_add_callback_types.sql', (text) => text.replaceAll('\n', '\r\n')),
    ],
    [
      'a file out of order',
      'out-of-order',
      /000_late\.sql: is pending, but version \d+ is applied/,
      () => writeFile(file('000_late.sql'), 'SELECT 1;\n'),
    ],
    [
      'a column added by hand that every insert must fill',
      'schema-drift',
      /\+ column timers\.extra: not created by any migration: integer NOT NULL/,
      () => client.query('ALTER TABLE timers ADD COLUMN extra int NOT NULL'),
    ],
    [
      'an index dropped by hand',
      'schema-drift',
      /- index timers\.idx_timers_due: missing/,
      () => client.query('DROP INDEX idx_timers_due'),
    ],
    [
      'an INVALID index',
      'schema-drift',
      /index timers\.idx_timers_due:\n.* INVALID/,
      () =>
        client.query("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'idx_timers_due'::regclass"),
    ],
    [
      'a default changed by hand',
      'schema-drift',
      /~ column timers\.status/,
      () => client.query("ALTER TABLE timers ALTER COLUMN status SET DEFAULT 'failed'"),
    ],
    [
      'a trigger disabled by hand',
      'schema-drift',
      /~ trigger timers\.update_timers_updated_at/,
      () => client.query('ALTER TABLE timers DISABLE TRIGGER update_timers_updated_at'),
    ],
    [
      'a function changed by hand',
      'schema-drift',
      /~ function update_updated_at_column/,
      () =>
        client.query(
          'CREATE OR REPLACE FUNCTION update_updated_at_column() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$',
        ),
    ],
    [
      'a name without a number',
      'bad-name',
      /create\.sql: not a migration name/,
      () => writeFile(file('create.sql'), 'SELECT 1;\n'),
    ],
    [
      'a byte order mark',
      'byte-order-mark',
      /002_\S+: starts with a byte order mark/,
      () => edit('002_add_callback_types.sql', (text) => `\ufeff${text}`),
    ],
    [
      'a psql command',
      'not-plain-sql',
      /099_a\.sql:1: \\i b\.sql is a psql command/,
      () => writeFile(file('099_a.sql'), '\\i b.sql\n'),
    ],
  ])('reports %s as %s', async (_name, code, message, change) => {
    await change();
    const result = await run('verify', '--migrations', directory);
    expect(result).toMatchObject({
      exitCode: EXIT_CODE_OF_ERROR[code],
      stderr: expect.stringMatching(message),
    });
    expect(result.stderr).toContain(`error (${code}): `);
  });

  test('ignores the tables of the migrators', async () => {
    await client.query('CREATE TABLE IF NOT EXISTS _timer_migrations (version bigint)');
    await client.query('DROP TABLE _timer_migrations');
    expect(await run('verify')).toMatchObject({ exitCode: 0 });
  });
});

describe('dump-schema', () => {
  test.each([[undefined], [1], [2]])(
    'finds the generated files in the repository up to date (version %s)',
    async (upTo) => {
      await open(upTo);
      expect(await run('dump-schema', '--check')).toMatchObject({ exitCode: 0 });
    },
  );

  test('writes a schema.sql that creates the same schema in an empty database, except for the spelling of casts', async () => {
    await open(0);
    const dump = await readFile(path.join(findMigrationsDirectory(), '..', 'schema.sql'), 'utf8');
    await client.query(dump);
    const created = await readSchemaObjects(client);
    const directory = findMigrationsDirectory();
    const files = await readMigrationFiles(directory);
    const [newestFile] = files.slice(-1);
    if (newestFile === undefined) throw new Error('no migrations');
    const stored = await readStoredSchema(directory, files, newestFile);
    expect(compareSchemas(stored ?? [], created)).toEqual([]);
    expect(dumpSchema(created, [])).toContain("'http'::character varying::text");
  });
});

describe('down', () => {
  const callbacks =
    'SELECT id, updated_at::text, callback_url, callback_headers::text, callback_payload::text FROM timers ORDER BY id';

  test('restores every callback and the schema of 001 and keeps updated_at', async () => {
    await open(1);
    await insertTimers(50);
    const rowsBefore = await rowsOf(callbacks);
    await run('migrate');
    const unconfirmed = await run('down', '--to', '1');
    expect(unconfirmed).toMatchObject({
      exitCode: 7,
      stderr: expect.stringMatching(/come back as SQL NULL/),
    });
    expect(await run('status', '--check')).toMatchObject({ exitCode: 0 });
    expect(await run('down', '--to', '1', '--accept-loss')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/undone 002_\S+ .*\ndone, the schema is at version 1$/),
    });
    expect(await rowsOf(callbacks)).toEqual(rowsBefore);
    expect(await run('verify')).toMatchObject({ exitCode: 0, stdout: 'files, ledger and live schema match' });
    expect(await run('migrate')).toMatchObject({ exitCode: 0 });
    expect(await run('verify')).toMatchObject({ exitCode: 0 });
  });

  test('fails on NATS timers, names one and changes nothing', async () => {
    await open(2);
    await client.query(
      `INSERT INTO timers (execute_at, callback_type, callback_config) VALUES (now() + interval '1 day', 'nats', '{"type": "nats", "topic": "a"}')`,
    );
    expect(await run('down', '--to', '1', '--accept-loss')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/1 timers are not http, for example [0-9a-f-]{36}/),
    });
    expect(await rowsOf('SELECT callback_type FROM timers')).toEqual([{ callback_type: 'nats' }]);
    expect(await run('verify')).toMatchObject({ exitCode: 0 });
  });

  test('rejects a version that is not applied', async () => {
    await open(1);
    expect(await run('down', '--to', '0')).toMatchObject({ exitCode: 2 });
  });
});

describe('adopt', () => {
  const legacyLedger = (versions: string) => `
    CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, installed_on TIMESTAMPTZ NOT NULL DEFAULT now(),
      success BOOLEAN NOT NULL, checksum BYTEA NOT NULL, execution_time BIGINT NOT NULL);
    INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
    SELECT v, 'legacy', true, '\\x63087a5593781fdf', 1 FROM unnest(ARRAY[${versions}]::bigint[]) AS v`;
  const apply = async (...names: string[]): Promise<void> => {
    for (const name of names)
      await client.query(await readFile(path.join(findMigrationsDirectory(), name), 'utf8'));
  };
  const first = '001_create_timers.sql';
  const second = '002_add_callback_types.sql';
  const recorded = (table: string) => rowsOf(`SELECT version::int FROM ${table} ORDER BY version`);

  test.each([
    ['001 by the first service', [first], '20250101000000', '_timer_migrations', [1]],
    [
      '001 and 002 by the first service',
      [first, second],
      '20250101000000, 20250102000000',
      '_timer_migrations',
      [1, 2],
    ],
    ['001 without a ledger', [first], undefined, '_sqlx_migrations', [1]],
    ['002 without a ledger', [first, second], undefined, '_sqlx_migrations', [1, 2]],
  ])('records %s', async (_name, files, versions, table, expected) => {
    await open(0);
    await apply(...files);
    if (versions !== undefined) await client.query(legacyLedger(versions));
    await client.query(
      files.length === 1
        ? `INSERT INTO timers (execute_at, callback_url) VALUES (now() + interval '1 day', 'http://kept')`
        : `INSERT INTO timers (execute_at, callback_config) VALUES (now() + interval '1 day', '{"type": "http", "url": "http://kept"}')`,
    );
    expect(await run('adopt')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining(`recorded in ${table}`),
    });
    expect(await recorded(table)).toEqual(expected.map((version) => ({ version })));
    expect(await run('adopt')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('nothing to adopt'),
    });
    expect(await run('migrate')).toMatchObject({ exitCode: 0 });
    expect(await rowsOf(`SELECT callback_config->>'url' AS url FROM timers`)).toEqual([
      { url: 'http://kept' },
    ]);
    expect(await run('verify')).toMatchObject({ exitCode: 0 });
  });

  test('keeps the ledger of the first service until the operator confirms the switch', async () => {
    await open(0);
    await apply(first);
    await client.query(legacyLedger('20250101000000'));
    await run('migrate');
    expect(await rowsOf('SELECT version::text FROM _sqlx_migrations')).toEqual([
      { version: '20250101000000' },
    ]);
    expect(await run('adopt', '--finish')).toMatchObject({ exitCode: 7 });
    expect(await run('adopt', '--finish', '--old-service-stopped')).toMatchObject({ exitCode: 0 });
    expect(await recorded('_sqlx_migrations')).toHaveLength(await newest());
    expect(await rowsOf("SELECT to_regclass('_timer_migrations') AS beside")).toEqual([{ beside: null }]);
    expect(await run('migrate')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('nothing to do'),
    });
    expect(await run('verify')).toMatchObject({ exitCode: 0 });
  });

  test.each([
    [
      'an extra column that every insert must fill',
      'ALTER TABLE timers ADD COLUMN extra int NOT NULL',
      /\+ column timers\.extra: not created by any migration: integer NOT NULL/,
    ],
    [
      'another type',
      'ALTER TABLE timers ALTER COLUMN status TYPE text',
      /~ column timers\.status:\n +is: +text DEFAULT 'pending'::character varying NOT NULL\n/,
    ],
    ['a missing index', 'DROP INDEX idx_timers_status', /- index timers\.idx_timers_status: missing/],
    [
      'a missing check',
      'ALTER TABLE timers DROP CONSTRAINT valid_status',
      /- constraint timers\.valid_status: missing/,
    ],
    [
      'a nullable column',
      'ALTER TABLE timers ALTER COLUMN execute_at DROP NOT NULL',
      /~ column timers\.execute_at/,
    ],
    [
      'a missing trigger',
      'DROP TRIGGER update_timers_updated_at ON timers',
      /- trigger timers\.update_timers_updated_at: missing/,
    ],
  ])('rejects %s, shows the difference and changes nothing', async (_name, change, difference) => {
    await open(0);
    await apply(first);
    await client.query(change);
    for (const command of ['adopt', 'migrate', 'plan']) {
      expect(await run(command)).toMatchObject({ exitCode: 8, stderr: expect.stringMatching(difference) });
    }
    expect(await rowsOf("SELECT to_regclass('_sqlx_migrations') AS ledger")).toEqual([{ ledger: null }]);
  });

  test('rejects a ledger of the first service that contradicts the schema', async () => {
    await open(0);
    await apply(first);
    await client.query(legacyLedger('20250101000000, 20250102000000'));
    expect(await run('adopt')).toMatchObject({ exitCode: 5 });
  });

  test('accepts a function that differs only in letter case and white space', async () => {
    await open(0);
    await apply(first);
    await client.query(
      'CREATE OR REPLACE FUNCTION update_updated_at_column() RETURNS TRIGGER AS $$ begin new.updated_at = now(); return new; end; $$ LANGUAGE plpgsql',
    );
    expect(await run('adopt')).toMatchObject({ exitCode: 0 });
  });
});

describe('new', () => {
  let directory: string;
  beforeEach(async () => {
    await open(0);
    directory = await mkdtemp(path.join(tmpdir(), 'new-'));
    await writeFile(path.join(directory, '009_a.sql'), 'CREATE TABLE a (id int);\n');
  });
  afterEach(() => rm(directory, { recursive: true }));

  test('creates a migration with the next number and the file that undoes it', async () => {
    expect(await run('new', 'Add Tags!', '--migrations', directory)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/\/010_add_tags\.sql\n.*\/down\/010_add_tags\.sql$/),
    });
    expect(await run('new', 'more tags', '--migrations', directory)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/\/011_more_tags\.sql\n.*\/down\/011_more_tags\.sql$/),
    });
    expect(await readdir(path.join(directory, 'down'))).toEqual(['010_add_tags.sql', '011_more_tags.sql']);
  });

  test('creates files that migrate accepts, and that down runs only with --accept-loss', async () => {
    await run('new', 'add tags', '--migrations', directory);
    expect(await run('migrate', '--migrations', directory)).toMatchObject({ exitCode: 0 });
    const down = ['down', '--to', '9', '--migrations', directory];
    expect(await run(...down)).toMatchObject({
      exitCode: 7,
      stderr: expect.stringContaining('name the data that cannot be restored'),
    });
    expect(await run(...down, '--accept-loss')).toMatchObject({ exitCode: 0 });
  });

  test('overwrites no file', async () => {
    await mkdir(path.join(directory, 'down'));
    await writeFile(path.join(directory, 'down', '010_add_tags.sql'), 'SELECT 1;\n');
    expect(await run('new', 'add tags', '--migrations', directory)).toMatchObject({
      exitCode: 5,
      stderr: expect.stringContaining('down/010_add_tags.sql exists already'),
    });
    expect(await readdir(directory)).toEqual(['009_a.sql', 'down']);
  });

  test('rejects a name without letters and digits', async () => {
    expect(await run('new', '!!!', '--migrations', directory)).toMatchObject({ exitCode: 5 });
  });
});
