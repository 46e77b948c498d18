import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { runPsql } from '@timer-platform/test-support';
import { type TestDatabaseFixture, withTestDatabase } from '@timer-platform/test-support/jest';
import { findMigrationsDirectory } from '../files/migrations-directory.ts';
import { migrateToLatest } from './migrate.ts';

const migration = path.join(findMigrationsDirectory(), '002_add_callback_types.sql');
const oneMegabyte = JSON.stringify({ text: 'ä😀"\\'.repeat(120_000), numbers: [1.0, -0, 1e300] });

/** Headers and payload as JSON text, null for SQL NULL. */
const unusualRows: readonly {
  name: string;
  url?: string;
  headers: string | null;
  payload: string | null;
  status?: string;
}[] = [
  { name: 'no headers, no payload', headers: null, payload: null },
  { name: 'JSON null headers and payload', headers: 'null', payload: 'null' },
  { name: 'headers are an array', headers: '["a", {"b": 1}]', payload: '{}' },
  { name: 'headers are a string', headers: '"X-A: b"', payload: '[]' },
  {
    name: 'headers hold numbers, null, objects',
    headers: '{"a": 1, "b": null, "c": {"d": []}, "e": "f"}',
    payload: '[null]',
  },
  { name: 'empty headers', headers: '{}', payload: '{"a": {"b": {"c": [1, [2, [3]]]}}}' },
  { name: 'headers are a number', headers: '7', payload: 'true' },
  { name: 'payload false', headers: null, payload: 'false' },
  { name: 'payload 0', headers: null, payload: '0' },
  { name: 'payload ""', headers: null, payload: '""' },
  {
    name: 'numbers beyond a double',
    headers: null,
    payload: '{"a": 12345678901234567890.123456789012345678901, "b": 1e400, "c": 0.10}',
  },
  {
    name: 'unicode',
    url: 'https://пример.example/ä?q=😀',
    headers: '{"x-ä": "😀"}',
    payload: '"\\u200d👩‍👩‍👧 ﷽ \\t"',
  },
  { name: '1 MB payload', headers: '{"a": "b"}', payload: oneMegabyte },
  {
    name: 'keys that look like the new shape',
    headers: '{"type": "nats"}',
    payload: '{"type": "nats", "topic": "a", "url": "b"}',
  },
  { name: 'empty URL', url: '', headers: null, payload: null },
  { name: 'long URL', url: `http://a/${'x'.repeat(9_000)}`, headers: null, payload: null },
  ...['pending', 'executing', 'completed', 'failed', 'canceled'].map((status) => ({
    name: `status ${status}`,
    headers: '{"a": "b"}',
    payload: `{"status": "${status}"}`,
    status,
  })),
];

/** The columns that 002 must not change. JSON as text, so that no number passes through a double. */
const untouched = `id, created_at::text, updated_at::text, execute_at::text, status, last_error, executed_at::text, metadata::text`;
const before = `SELECT ${untouched}, callback_url AS url, COALESCE(callback_headers, 'null')::text AS headers,
  COALESCE(callback_payload, 'null')::text AS payload FROM timers ORDER BY id`;
const after = `SELECT ${untouched}, callback_config->>'url' AS url, (callback_config->'headers')::text AS headers,
  (callback_config->'payload')::text AS payload FROM timers ORDER BY id`;

async function storeUnusualRows({ url, query }: TestDatabaseFixture): Promise<void> {
  await migrateToLatest({ databaseUrl: url, to: 1n });
  for (const row of unusualRows) {
    await query(
      `INSERT INTO timers (created_at, updated_at, execute_at, callback_url, callback_headers, callback_payload, status,
                           last_error, executed_at, metadata)
       VALUES ('2024-02-29T00:00:00.123456Z', '2024-03-01T11:22:33.654321Z', '2024-03-02T00:00:00.000001Z', $1, $2, $3, $4, 'é', now(), $5)`,
      [
        row.url ?? 'https://example.com/hook',
        row.headers,
        row.payload,
        row.status ?? 'pending',
        JSON.stringify({ name: row.name }),
      ],
    );
  }
}

const reader =
  ({ query }: TestDatabaseFixture) =>
  async (sql: string): Promise<unknown[]> =>
    (await query(sql)).rows;

describe('002 on a database of the first service', () => {
  const database = withTestDatabase({ empty: true });
  const rowsOf = reader(database);
  let rowsBefore: unknown[];
  beforeAll(async () => {
    await storeUnusualRows(database);
    rowsBefore = await rowsOf(before);
    await migrateToLatest({ databaseUrl: database.url, to: 2n });
  });

  test('keeps the callback and all other columns of every row, including updated_at', async () => {
    expect(rowsBefore).toHaveLength(unusualRows.length);
    expect(await rowsOf(after)).toEqual(rowsBefore);
  });

  test('turns every row into an HTTP callback with exactly four keys', async () => {
    const rows = await rowsOf(
      `SELECT DISTINCT callback_type, callback_config->>'type' AS type,
              (SELECT array_agg(key ORDER BY key) FROM jsonb_object_keys(callback_config) AS key) AS keys FROM timers`,
    );
    expect(rows).toEqual([
      { callback_type: 'http', type: 'http', keys: ['headers', 'payload', 'type', 'url'] },
    ]);
  });

  test('drops the old columns and adds the new ones with type, default, NOT NULL and comment', async () => {
    const columns = await rowsOf(
      `SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS required,
              pg_get_expr(d.adbin, d.adrelid) AS "default", col_description(a.attrelid, a.attnum) LIKE '%callback%' AS documented
       FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
       WHERE a.attrelid = 'timers'::regclass AND a.attname LIKE '%callback%' AND NOT a.attisdropped ORDER BY a.attnum`,
    );
    expect(columns).toEqual([
      {
        name: 'callback_type',
        type: 'character varying(10)',
        required: true,
        default: "'http'::character varying",
        documented: true,
      },
      { name: 'callback_config', type: 'jsonb', required: true, default: null, documented: true },
    ]);
    expect(
      await rowsOf("SELECT obj_description('timers'::regclass) LIKE '%callback_config%' AS documented"),
    ).toEqual([{ documented: true }]);
  });

  test('adds the index and the constraint and leaves the trigger enabled', async () => {
    expect(
      await rowsOf(
        `SELECT pg_get_indexdef('idx_timers_callback_type'::regclass, 1, true) AS indexed,
                (SELECT convalidated FROM pg_constraint WHERE conname = 'valid_callback_type') AS validated,
                (SELECT tgenabled FROM pg_trigger WHERE tgname = 'update_timers_updated_at') AS trigger`,
      ),
    ).toEqual([{ indexed: 'callback_type', validated: true, trigger: 'O' }]);
  });

  test.each([
    [
      'another type',
      `callback_type, callback_config`,
      `'smtp', '{"type": "smtp"}'`,
      '23514',
      'valid_callback_type',
    ],
    ['no callback', `callback_type`, `'http'`, '23502', undefined],
    ['a NULL type', `callback_type, callback_config`, `NULL, '{"type": "http"}'`, '23502', undefined],
  ])('rejects %s', async (_name, columns, values, code, constraint) => {
    await expect(
      database.query(
        `INSERT INTO timers (execute_at, ${columns}) VALUES (now() + interval '1 day', ${values})`,
      ),
    ).rejects.toMatchObject({ code, constraint });
  });

  test('accepts http and nats callbacks, http by default', async () => {
    const rows = await rowsOf(
      `INSERT INTO timers (execute_at, callback_type, callback_config)
       VALUES (now() + interval '1 day', DEFAULT, '{"type": "http", "url": "https://example.com"}'),
              (now() + interval '1 day', 'nats', '{"type": "nats", "topic": "a"}') RETURNING callback_type`,
    );
    expect(rows).toEqual([{ callback_type: 'http' }, { callback_type: 'nats' }]);
  });
});

describe('002 as a file', () => {
  const database = withTestDatabase({ empty: true, perTest: true });
  const rowsOf = reader(database);
  beforeEach(() => storeUnusualRows(database));

  test('produces the same rows under psql -1 -f', async () => {
    const rowsBefore = await rowsOf(before);
    expect(await runPsql(database.url, ['-q', '-1', '-f', migration])).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: '',
    });
    expect(await rowsOf(after)).toEqual(rowsBefore);
  });

  test('changes updated_at of every row without the DISABLE TRIGGER (control)', async () => {
    const rowsBefore = await rowsOf(before);
    const withoutDisable = (await readFile(migration, 'utf8')).replace(
      /^ALTER TABLE timers (?:DIS|EN)ABLE TRIGGER .*;$/gm,
      '',
    );
    const directory = await mkdtemp(path.join(tmpdir(), 'migration-'));
    const file = path.join(directory, 'without-disable.sql');
    await writeFile(file, withoutDisable);
    expect(await runPsql(database.url, ['-q', '-1', '-f', file])).toMatchObject({ exitCode: 0 });
    await rm(directory, { recursive: true });
    const withOtherUpdatedAt = (rows: unknown[]): unknown[] =>
      rows.map((row) => expect.not.objectContaining({ updated_at: updatedAtOf(row) }));
    expect(await rowsOf(after)).toEqual(withOtherUpdatedAt(rowsBefore));
  });

  test('leaves nothing behind when it fails', async () => {
    const rowsBefore = await rowsOf(before);
    // The name of the index that 002 creates: it fails late, after every row is rewritten.
    await database.query('CREATE INDEX idx_timers_callback_type ON timers (status)');
    await expect(migrateToLatest({ databaseUrl: database.url, to: 2n })).rejects.toMatchObject({
      code: 'failed',
      failure: {
        file: '002_add_callback_types.sql',
        sqlState: '42P07',
        line: expect.any(Number),
        statement: expect.stringMatching(/^CREATE INDEX/),
      },
    });
    expect(await rowsOf(before)).toEqual(rowsBefore);
    expect(await rowsOf('SELECT version::int FROM _sqlx_migrations')).toEqual([{ version: 1 }]);
    expect(await rowsOf('SELECT name FROM kysely_migration')).toEqual([{ name: '001_create_timers' }]);
  });
});

function updatedAtOf(row: unknown): unknown {
  return typeof row === 'object' && row !== null && 'updated_at' in row ? row.updated_at : undefined;
}
