import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import pg from 'pg';
import { checksumOf } from '../files/migration-file.ts';
import { KYSELY_LOCK_KEY, sqlxLockKey } from '../locks/migration-lock.ts';
import { type MigrateOptions, migrateToLatest, type MigrationProgress } from './migrate.ts';

const database = withTestDatabase({ empty: true, perTest: true });
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'migrations-'));
});
afterEach(() => rm(directory, { recursive: true }));

const write = (name: string, sql: string): Promise<void> => writeFile(path.join(directory, name), sql);
const migrate = (options: Partial<MigrateOptions> = {}) =>
  migrateToLatest({ databaseUrl: database.url, directory, ...options });
const rowsOf = async (sql: string, parameters: unknown[] = []): Promise<unknown[]> =>
  (await database.query(sql, parameters)).rows;
const ledger = () =>
  rowsOf(
    'SELECT version::int, description, success, checksum, execution_time > 0 AS timed FROM _sqlx_migrations ORDER BY version',
  );
const kyselyNames = () => rowsOf('SELECT name FROM kysely_migration ORDER BY timestamp, name');

describe('the ledger', () => {
  test('holds the rows that sqlx would write, and the table of Kysely matches', async () => {
    await write('001_make_a.sql', 'CREATE TABLE a (id int);\n');
    await write('002_make_b.sql', 'CREATE TABLE b (id int);\n');
    expect((await migrate()).applied.map(({ file }) => file.fileName)).toEqual([
      '001_make_a.sql',
      '002_make_b.sql',
    ]);
    expect(await ledger()).toEqual([
      {
        version: 1,
        description: 'make a',
        success: true,
        checksum: checksumOf(Buffer.from('CREATE TABLE a (id int);\n')),
        timed: true,
      },
      {
        version: 2,
        description: 'make b',
        success: true,
        checksum: checksumOf(Buffer.from('CREATE TABLE b (id int);\n')),
        timed: true,
      },
    ]);
    expect(await kyselyNames()).toEqual([{ name: '001_make_a' }, { name: '002_make_b' }]);
    expect((await migrate()).applied).toEqual([]);
  });

  test('is accepted when sqlx wrote it, and only the pending files run', async () => {
    await write('001_make_a.sql', 'CREATE TABLE a (id int);\n');
    await write('002_make_b.sql', 'CREATE TABLE b (id int);\n');
    // The table and the row that `sqlx migrate run` creates.
    await database.query(`CREATE TABLE IF NOT EXISTS _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL,
      installed_on TIMESTAMPTZ NOT NULL DEFAULT now(), success BOOLEAN NOT NULL, checksum BYTEA NOT NULL, execution_time BIGINT NOT NULL)`);
    await database.query('CREATE TABLE a (id int)');
    await database.query(
      'INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (1, $1, TRUE, $2, -1)',
      ['make a', checksumOf(Buffer.from('CREATE TABLE a (id int);\n'))],
    );
    expect((await migrate()).applied.map(({ file }) => file.fileName)).toEqual(['002_make_b.sql']);
    expect(await kyselyNames()).toEqual([{ name: '001_make_a' }, { name: '002_make_b' }]);
  });

  test.each([
    ['edited', async () => write('001_make_a.sql', 'CREATE TABLE a (id bigint);\n')],
    ['vanished', async () => rm(path.join(directory, '001_make_a.sql'))],
    [
      'renamed',
      async () => {
        await rm(path.join(directory, '001_make_a.sql'));
        await write('001_make_x.sql', 'CREATE TABLE a (id int);\n');
      },
    ],
    ['out-of-order', async () => write('002_late.sql', 'SELECT 1;\n')],
    ['dirty', async () => database.query('UPDATE _sqlx_migrations SET success = FALSE')],
  ])('is rejected with %s, and nothing runs', async (code, change) => {
    await write('001_make_a.sql', 'CREATE TABLE a (id int);\n');
    await write('003_make_c.sql', 'CREATE TABLE c (id int);\n');
    await migrate();
    await change();
    await write('004_make_d.sql', 'CREATE TABLE d (id int);\n');
    await expect(migrate()).rejects.toMatchObject({ code });
    expect(await rowsOf("SELECT to_regclass('d') AS d")).toEqual([{ d: null }]);
  });
});

describe('a file that fails', () => {
  test('at its last statement is rolled back and named, and the files before it stay applied', async () => {
    await write('001_make_a.sql', 'CREATE TABLE a (id int);\n');
    await write(
      '002_fails.sql',
      "-- 😀\nCREATE TABLE b (id int);\nINSERT INTO b VALUES (1);\n\nINSERT INTO b\n  VALUES ('😀', nothing);\n",
    );
    await expect(migrate()).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringMatching(
        /^002_fails\.sql:6:16: .*\(SQLSTATE 42703\)[\s\S]*statement: INSERT INTO b\n/,
      ),
      failure: { file: '002_fails.sql', line: 6, column: 16, sqlState: '42703' },
    });
    expect(await rowsOf("SELECT to_regclass('b') AS b")).toEqual([{ b: null }]);
    expect(await kyselyNames()).toEqual([{ name: '001_make_a' }]);
    expect(await rowsOf('SELECT version::int FROM _sqlx_migrations')).toEqual([{ version: 1 }]);
  });

  test('has its failed statement named when PostgreSQL reports no position', async () => {
    await write(
      '001_fails.sql',
      "SELECT 1;\nDO $$\nBEGIN\n  RAISE EXCEPTION 'no' USING ERRCODE = 'P0099', HINT = 'do this';\nEND $$;\n",
    );
    await expect(migrate()).rejects.toMatchObject({
      message: expect.stringContaining('hint: do this'),
      failure: { line: 2, column: 1, sqlState: 'P0099', databaseMessage: 'no' },
    });
  });

  test('at its commit is reported with the statement COMMIT', async () => {
    await write(
      '001_fails.sql',
      'CREATE TABLE a (id int PRIMARY KEY, other int REFERENCES a DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO a VALUES (1, 2);\n',
    );
    await expect(migrate()).rejects.toMatchObject({
      failure: { statement: 'COMMIT', sqlState: '23503', line: 3 },
    });
    expect(await rowsOf("SELECT to_regclass('a') AS a")).toEqual([{ a: null }]);
  });
});

describe('a file outside a transaction', () => {
  const index = '-- no-transaction\nCREATE UNIQUE INDEX CONCURRENTLY a_id ON a (id);\n';

  test('rebuilds the INVALID index of an interrupted run', async () => {
    await write('001_make_a.sql', 'CREATE TABLE a (id int);\n');
    await write('002_index_a.sql', index);
    await migrate({ to: 1n });
    await database.query('INSERT INTO a VALUES (1), (1)');
    await expect(migrate()).rejects.toMatchObject({ code: 'failed', failure: { sqlState: '23505' } });
    expect(await rowsOf("SELECT indisvalid FROM pg_index WHERE indexrelid = 'a_id'::regclass")).toEqual([
      { indisvalid: false },
    ]);

    await database.query('DELETE FROM a WHERE ctid = (SELECT min(ctid) FROM a)');
    const seen: MigrationProgress['kind'][] = [];
    await migrate({ onProgress: (progress) => seen.push(progress.kind) });
    expect(seen).toEqual(['started', 'leftover-index-dropped', 'applied']);
    expect(await rowsOf("SELECT indisvalid FROM pg_index WHERE indexrelid = 'a_id'::regclass")).toEqual([
      { indisvalid: true },
    ]);
    expect((await ledger()).length).toBe(2);
  });

  test.each([
    ['keeps the valid index of an interrupted run', 'CREATE UNIQUE INDEX a_id ON a (id)', true],
    [
      'replaces a valid index with another definition',
      'CREATE UNIQUE INDEX a_id ON a (id) WHERE id > 0',
      false,
    ],
  ])('%s', async (_name, existing, kept) => {
    await write('001_make_a.sql', 'CREATE TABLE a (id int);\n');
    await write('002_index_a.sql', index);
    await migrate({ to: 1n });
    await database.query(existing);
    const before = await rowsOf("SELECT 'a_id'::regclass::oid AS oid");
    await migrate();
    const after = await rowsOf("SELECT 'a_id'::regclass::oid AS oid");
    if (kept) expect(after).toEqual(before);
    else expect(after).not.toEqual(before);
    expect(await rowsOf("SELECT pg_get_indexdef('a_id'::regclass) AS sql")).toEqual([
      { sql: 'CREATE UNIQUE INDEX a_id ON public.a USING btree (id)' },
    ]);
    expect(await ledger()).toHaveLength(2);
  });

  test('waits for an open transaction without blocking other writers', async () => {
    await write('001_make_a.sql', 'CREATE TABLE a (id int);\n');
    await write('002_index_a.sql', index);
    await migrate({ to: 1n });
    const writer = new pg.Client({ connectionString: database.url });
    await writer.connect();
    await writer.query('BEGIN');
    await writer.query('INSERT INTO a VALUES (1)');
    const building = migrate();
    await waitFor(
      `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%CONCURRENTLY%' AND wait_event_type = 'Lock'`,
    );
    await database.query('INSERT INTO a VALUES (2)');
    await writer.query('COMMIT');
    await writer.end();
    expect((await building).applied).toHaveLength(1);
  });
});

describe('concurrent migrators', () => {
  test('run each file once; those that waited find nothing to do', async () => {
    await write('001_make_a.sql', 'CREATE TABLE a (id int); SELECT pg_sleep(0.2);\n');
    await write('002_index_a.sql', '-- no-transaction\nCREATE INDEX CONCURRENTLY a_id ON a (id);\n');
    await write('003_fill_a.sql', 'INSERT INTO a VALUES (1);\n');
    const reports = await Promise.all(Array.from({ length: 10 }, () => migrate()));
    expect(reports.flatMap((report) => report.applied.map(({ file }) => file.version)).sort()).toEqual([
      1n,
      2n,
      3n,
    ]);
    expect(await rowsOf('SELECT count(*)::int AS rows FROM a')).toEqual([{ rows: 1 }]);
  });

  test('fail when they may not wait, and name the session that holds the lock', async () => {
    await write('001_make_a.sql', 'CREATE TABLE a (id int);\n');
    await database.query("SET application_name = 'somebody'");
    await database.query('SELECT pg_advisory_lock($1)', [sqlxLockKey(database.name).toString()]);
    await expect(migrate({ lockWaitMs: 0 })).rejects.toMatchObject({
      code: 'busy',
      message: expect.stringContaining('somebody'),
    });
    await database.query('SELECT pg_advisory_unlock_all()');
    await database.query('SELECT pg_advisory_lock($1)', [KYSELY_LOCK_KEY.toString()]);
    await expect(migrate({ lockWaitMs: 0 })).rejects.toMatchObject({ code: 'busy' });
  });

  test('continue when the backend of the running one is killed', async () => {
    await write('001_make_a.sql', 'CREATE TABLE a (id int); SELECT pg_sleep(600);\n');
    const stuck = migrate().catch((error: unknown) => error);
    await waitFor(
      `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()`,
    );
    await write('001_make_a.sql', 'CREATE TABLE a (id int);\n');
    let reportWaiting: (() => void) | undefined;
    const waiting = new Promise<void>((resolve) => (reportWaiting = resolve));
    const next = migrate({ onProgress: (progress) => progress.kind === 'waiting' && reportWaiting?.() });
    await waiting;
    await database.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()`,
    );
    expect(await stuck).toMatchObject({
      message: expect.stringMatching(/terminat|administrator|Connection/i),
    });
    expect((await next).applied).toHaveLength(1);
  });
});

describe('a table that another session locks', () => {
  test('is retried until the lock is granted, and the holder is named', async () => {
    await write('001_make_a.sql', 'CREATE TABLE a (id int);\n');
    await write('002_change_a.sql', 'ALTER TABLE a ADD COLUMN b int;\n');
    await migrate({ to: 1n });
    const holder = new pg.Client({ connectionString: database.url, application_name: 'forgotten' });
    await holder.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT * FROM a');
    const blocked: string[] = [];
    const policy = { lockTimeoutMs: 200, patienceMs: 60_000, random: () => 0 };
    await migrate({
      lockPolicy: policy,
      onProgress: (progress) => {
        if (progress.kind !== 'blocked') return;
        blocked.push(...progress.failed.blockers.map((blocker) => blocker.application ?? ''));
        if (blocked.length === 2) void holder.query('COMMIT');
      },
    });
    await holder.end();
    expect(blocked.slice(0, 2)).toEqual(['forgotten', 'forgotten']);
  });

  test('is retried although the file works longer than the time limit before it needs the lock', async () => {
    await write('001_make_a.sql', 'CREATE TABLE a (id int);\n');
    await write(
      '002_change_a.sql',
      'DO $$ BEGIN PERFORM pg_sleep(0.4); END $$;\nALTER TABLE a ADD COLUMN b int;\n',
    );
    await migrate({ to: 1n });
    await database.query('BEGIN');
    await database.query('SELECT * FROM a');
    const tries: number[] = [];
    await migrate({
      lockPolicy: { lockTimeoutMs: 20, patienceMs: 300, random: () => 0 },
      onProgress: (progress) => {
        if (progress.kind !== 'blocked') return;
        tries.push(progress.failed.number);
        void database.query('COMMIT');
      },
    });
    expect(tries).toEqual([1]);
  });

  test('fails the run when the time limit is exceeded', async () => {
    await write('001_make_a.sql', 'CREATE TABLE a (id int);\n');
    await write('002_change_a.sql', 'ALTER TABLE a ADD COLUMN b int;\n');
    await migrate({ to: 1n });
    await database.query('BEGIN');
    await database.query('SELECT * FROM a');
    await expect(
      // Time to see who holds the lock, beside other tests as well.
      migrate({ lockPolicy: { lockTimeoutMs: 2_000, patienceMs: 1, random: () => 0 } }),
    ).rejects.toMatchObject({
      code: 'lock-timeout',
      message: expect.stringMatching(/pid \d+.*idle in transaction.*SELECT \* FROM a/),
    });
    await database.query('COMMIT');
  });
});

/** Waits until the query returns a row. */
async function waitFor(sql: string): Promise<void> {
  while ((await database.query(sql)).rowCount === 0) await new Promise((resolve) => setTimeout(resolve, 10));
}
