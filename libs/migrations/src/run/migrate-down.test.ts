import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { migrateToLatest } from './migrate.ts';
import { migrateDown, type MigrateDownOptions } from './migrate-down.ts';

const database = withTestDatabase({ empty: true, perTest: true });
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'migrations-'));
  await mkdir(path.join(directory, 'down'));
});
afterEach(() => rm(directory, { recursive: true }));

const write = (name: string, sql: string): Promise<void> => writeFile(path.join(directory, name), sql);
const rowsOf = async (sql: string): Promise<unknown[]> => (await database.query(sql)).rows;
const down = (to: bigint, options: Partial<MigrateDownOptions> = {}) =>
  migrateDown({ databaseUrl: database.url, directory, to, acceptLoss: true, ...options });

/** Three migrations that are undone by changes outside a transaction, in one and in one with a guard. */
async function writeThreeMigrations(): Promise<void> {
  await write('001_make_timers.sql', 'CREATE TABLE timers (id int);\n');
  await write('002_add_kind.sql', "ALTER TABLE timers ADD COLUMN kind text NOT NULL DEFAULT 'a';\n");
  await write(
    '003_index_kind.sql',
    '-- no-transaction\nCREATE INDEX CONCURRENTLY timers_kind ON timers (kind);\n',
  );
  await write(
    'down/002_add_kind.sql',
    "DO $$ BEGIN IF EXISTS (SELECT FROM timers WHERE kind <> 'a') THEN RAISE 'only a can be undone'; END IF; END $$;\nALTER TABLE timers DROP COLUMN kind;\n",
  );
  await write(
    'down/003_index_kind.sql',
    '-- no-transaction\nDROP INDEX CONCURRENTLY IF EXISTS timers_kind;\n',
  );
  await migrateToLatest({ databaseUrl: database.url, directory });
}

const versions = () => rowsOf('SELECT version::int FROM _sqlx_migrations ORDER BY version');
const kyselyNames = () => rowsOf('SELECT name FROM kysely_migration ORDER BY name');

describe('before the first file is undone', () => {
  test('every guard of the chosen files runs: nothing is undone when the last one refuses', async () => {
    await migrateToLatest({ databaseUrl: database.url });
    await database.query(
      `INSERT INTO timers (execute_at, callback_type, callback_config, attempts, retry)
       VALUES (now() + interval '1 day', 'nats', '{"type": "nats", "topic": "a"}', 2, '{"max_attempts": 9}')`,
    );
    await database.query(
      `INSERT INTO idempotency_keys (client, key, request_hash, timer_ids) VALUES ('a', 'b', '\\x00', '{}')`,
    );
    const applied = await versions();
    await expect(migrateDown({ databaseUrl: database.url, to: 1n, acceptLoss: true })).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringMatching(
        /down\/002_\S+: 1 timers are not http, for example [^]*nothing was undone/,
      ),
    });
    expect(await versions()).toEqual(applied);
    expect(await rowsOf('SELECT attempts, retry FROM timers')).toEqual([
      { attempts: 2, retry: { max_attempts: 9 } },
    ]);
    expect(await rowsOf('SELECT key FROM idempotency_keys')).toEqual([{ key: 'b' }]);
  });

  test('all refusing guards are reported at once', async () => {
    await migrateToLatest({ databaseUrl: database.url });
    await database.query(
      `INSERT INTO timers (execute_at, callback_type, callback_config) VALUES (now() + interval '1 day', 'nats', '{"type": "nats", "topic": "a"}')`,
    );
    await database.query("INSERT INTO dispatchers (id, name) VALUES (gen_random_uuid(), 'busy one')");
    await expect(migrateDown({ databaseUrl: database.url, to: 1n, acceptLoss: true })).rejects.toMatchObject({
      message: expect.stringMatching(/dispatchers are running: busy one[^]*1 timers are not http/),
    });
  });

  test('a guard cannot change anything', async () => {
    await writeThreeMigrations();
    await write(
      'down/002_add_kind.sql',
      'DO $$ BEGIN DELETE FROM timers; END $$;\nALTER TABLE timers DROP COLUMN kind;\n',
    );
    await expect(down(1n)).rejects.toMatchObject({ failure: { sqlState: '25006' } });
    expect(await versions()).toEqual([{ version: 1 }, { version: 2 }, { version: 3 }]);
  });

  test('every file that would block the table is named', async () => {
    await migrateToLatest({ databaseUrl: database.url });
    await database.query(
      `INSERT INTO timers (execute_at, callback_config)
       SELECT now() + interval '1 day', '{"type": "http", "url": "http://a"}' FROM generate_series(1, 3)`,
    );
    const applied = await versions();
    const refused = migrateDown({ databaseUrl: database.url, to: 1n, acceptLoss: true, blockingRowLimit: 2 });
    await expect(refused).rejects.toMatchObject({
      code: 'would-block',
      message: expect.stringMatching(/down\/017_\S+, down\/011_\S+, down\/009_\S+, down\/002_\S+ block/),
    });
    expect(await versions()).toEqual(applied);
  });

  test('the lock is probed: a session that blocks it prevents the first file already', async () => {
    await migrateToLatest({ databaseUrl: database.url });
    const applied = await versions();
    await database.query('BEGIN');
    await database.query('SELECT * FROM timers');
    await expect(
      migrateDown({
        databaseUrl: database.url,
        to: 1n,
        acceptLoss: true,
        lockPolicy: { lockTimeoutMs: 1_000, patienceMs: 1, random: () => 0 },
      }),
    ).rejects.toMatchObject({ code: 'lock-timeout', message: expect.stringContaining('test support') });
    await database.query('COMMIT');
    expect(await versions()).toEqual(applied);
  });

  test('the owners are checked: a table of another role prevents the first file already', async () => {
    const role = `migrator_${database.name}`;
    const url = new URL(database.url);
    url.username = role;
    url.password = 'secret';
    await database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'`);
    await database.query(`GRANT CREATE, USAGE ON SCHEMA public TO ${role}`);
    try {
      await migrateToLatest({ databaseUrl: url.href });
      await database.query('ALTER TABLE idempotency_keys OWNER TO CURRENT_USER');
      const applied = await versions();
      await expect(migrateDown({ databaseUrl: url.href, to: 1n, acceptLoss: true })).rejects.toMatchObject({
        code: 'permission-denied',
        message: expect.stringMatching(
          /^the role must own idempotency_keys \(owner: \w+\), idx_idempotency_keys_created_at/,
        ),
      });
      expect(await versions()).toEqual(applied);
    } finally {
      await database.query(`DROP OWNED BY ${role}`);
      await database.query(`DROP ROLE ${role}`);
    }
  });

  test('the guards of the repository are valid at the newest version', async () => {
    await migrateToLatest({ databaseUrl: database.url });
    await migrateDown({ databaseUrl: database.url, to: 1n, acceptLoss: true });
    expect(await versions()).toEqual([{ version: 1 }]);
  });
});

test('a guard runs again in the transaction of its file', async () => {
  await writeThreeMigrations();
  await write('down/003_index_kind.sql', "INSERT INTO timers (id, kind) VALUES (1, 'b');\n");
  await expect(down(1n)).rejects.toMatchObject({ message: expect.stringContaining('only a can be undone') });
  expect(await versions()).toEqual([{ version: 1 }, { version: 2 }]);
});

describe.each([
  ['a file outside a transaction', 2n],
  ['two files', 1n],
])('killed while it undoes %s', (_name, to) => {
  test.each(['_sqlx_migrations', 'kysely_migration'])(
    'at the removal of the row in %s, it is completed by the next run',
    async (table) => {
      await writeThreeMigrations();
      await database.query(`
        CREATE FUNCTION kill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN OLD; END $$;
        CREATE TRIGGER kill BEFORE DELETE ON ${table} FOR EACH ROW EXECUTE FUNCTION kill()`);
      await expect(down(to)).rejects.toThrow(/terminat|connection/i);
      await database.query('DROP FUNCTION kill() CASCADE');
      await down(to);
      expect(await versions()).toHaveLength(Number(to));
      expect((await migrateToLatest({ databaseUrl: database.url, directory })).applied).toHaveLength(
        3 - Number(to),
      );
      expect(await kyselyNames()).toEqual([
        { name: '001_make_timers' },
        { name: '002_add_kind' },
        { name: '003_index_kind' },
      ]);
    },
  );
});

test('reports the sessions that block it, and waits for another migrator no longer than it may', async () => {
  await writeThreeMigrations();
  await down(2n);
  await database.query('BEGIN');
  await database.query('SELECT * FROM timers');
  const blocked: string[] = [];
  await down(1n, {
    lockPolicy: { lockTimeoutMs: 100, patienceMs: 60_000, random: () => 0 },
    onProgress: (progress) => {
      if (progress.kind !== 'blocked') return;
      blocked.push(progress.file.fileName);
      void database.query('COMMIT');
    },
  });
  expect(blocked).toEqual(['down/002_add_kind.sql']);

  await database.query('SELECT pg_advisory_lock(3853314791062309107)');
  await expect(down(1n, { lockWaitMs: 0 })).rejects.toMatchObject({ code: 'busy' });
});
