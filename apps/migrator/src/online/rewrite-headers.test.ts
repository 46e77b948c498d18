import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { decryptHeaders, parseHeaderKeys } from '@timer-platform/database';
import type { TestDatabase } from '@timer-platform/test-support';
import pg from 'pg';
import { z } from 'zod';
import { runCli } from '../cli.ts';
import { createMigratedDatabase } from '../testing/migrated-database.ts';
import { type CommandResult, runCommand, runCommandWith } from '../testing/run-command.ts';

const A = `a:${Buffer.alloc(32, 1).toString('base64')}`;
const B = `b:${Buffer.alloc(32, 2).toString('base64')}`;

const rowSchema = z.object({ id: z.string(), config: z.json(), rest: z.string() });
type Row = z.infer<typeof rowSchema>;

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

const run = (keys: string, ...args: string[]): Promise<CommandResult> =>
  runCommandWith(
    { DATABASE_URL: database.url, HEADER_ENCRYPTION_KEYS: keys },
    'encrypt-headers',
    '--batch-rows',
    '50',
    ...args,
  );

async function rows(): Promise<Row[]> {
  const { rows: found } = await client.query<Record<string, unknown>>(
    `SELECT id, callback_config AS config, (to_jsonb(timers) - ARRAY['callback_config', 'callback_bytes'])::text AS rest FROM timers ORDER BY id`,
  );
  return found.map((row) => rowSchema.parse(row));
}

const texts = async (): Promise<string> =>
  (await rows()).map(({ config }) => JSON.stringify(config)).join('\n');

async function keysInRows(): Promise<unknown> {
  const { rows: found } = await client.query<Record<string, unknown>>(
    `SELECT callback_config #>> '{headers,$encrypted,key}' AS key, count(*)::integer FROM timers
     WHERE callback_config::text LIKE '%$encrypted%' GROUP BY 1 ORDER BY 1`,
  );
  return Object.fromEntries(found.map((row) => [row['key'], row['count']]));
}

/** Inserts timers in every state with every form of headers; 6 of the 8 forms have headers. */
const fill = (count: number) =>
  client.query(
    `INSERT INTO timers (created_at, updated_at, execute_at, status, claims, callback_config)
     SELECT '2026-01-01', '2026-01-02', '2026-01-03',
       (ARRAY['pending', 'executing', 'completed', 'failed', 'canceled'])[1 + i % 5], i,
       jsonb_build_object('type', 'http', 'url', 'http://a/' || i, 'payload', i) || (ARRAY[
         '{}', '{"headers": null}', '{"headers": {"Authorization": "secret"}}', '{"headers": ["secret", "b"]}',
         '{"headers": "secret"}', '{"headers": {"n": 12345678901234567890.5, "t": "secret"}}',
         '{"headers": {"$encrypted": "secret"}}', '{"headers": {"a": "secret \\u00fc"}}'
       ]::jsonb[])[1 + i % 8]
     FROM generate_series(0, $1 - 1) AS i`,
    [count],
  );

describe('encrypt-headers', () => {
  beforeEach(() => open());

  test('encrypts every row with headers and changes nothing else; a second run does nothing', async () => {
    await fill(400);
    const before = await rows();
    const first = await run(A, '--json');
    expect(first.exitCode).toBe(0);
    expect(JSON.parse(first.stdout)).toEqual({
      rows: 400,
      rewritten: 300,
      unreadable: 0,
      examples: [],
      schedules: { rows: 0, rewritten: 0, unreadable: 0, examples: [] },
    });
    expect(first.stderr).toMatch(/of about \d+ rows/);
    const after = await rows();
    expect(after.map(({ rest }) => rest)).toEqual(before.map(({ rest }) => rest));
    expect(await texts()).not.toContain('secret');
    expect(await keysInRows()).toEqual({ a: 300 });

    const read = parseHeaderKeys(A);
    if ('error' in read) throw new Error(read.error);
    for (const [index, { id, config }] of after.entries())
      expect(decryptHeaders(read.keys, id, config)).toEqual({ ok: true, config: before[index]?.config });

    expect((await run(A)).stdout).toBe('encrypted the headers of 0 of 400 timers');
    expect(await rows()).toEqual(after);
  });

  test('rotates: re-encrypts rows under an older key with the first key', async () => {
    await fill(160);
    await run(A);
    expect((await run(`${B},${A}`)).stdout).toBe('encrypted the headers of 120 of 160 timers');
    expect(await keysInRows()).toEqual({ b: 120 });
    expect((await run(B, '--json')).exitCode).toBe(0);
  });

  test('encrypts and rotates the header of a typed callback that schedule_timer stored in plain text', async () => {
    await client.query(
      'INSERT INTO installation_settings (encrypts_headers, delivers_nats) VALUES (true, false)',
    );
    const callback = {
      type: 'http',
      url: 'https://example.com/',
      headers: { 'timer-callback': 'payment-due' },
    };
    await client.query(`SELECT schedule_timer($1, delay => '1 hour')`, [JSON.stringify(callback)]);
    expect(await texts()).toContain('payment-due');
    expect((await run(A)).stdout).toBe('encrypted the headers of 1 of 1 timers');
    expect(await texts()).not.toContain('payment-due');
    expect((await run(`${B},${A}`)).stdout).toBe('encrypted the headers of 1 of 1 timers');
    expect(await keysInRows()).toEqual({ b: 1 });
    const read = parseHeaderKeys(B);
    if ('error' in read) throw new Error(read.error);
    const [row] = await rows();
    expect(decryptHeaders(read.keys, row?.id ?? '', row?.config ?? null)).toEqual({
      ok: true,
      config: callback,
    });
  });

  test('rotates the headers of schedules, which occurrences are made from', async () => {
    await client.query(
      `INSERT INTO schedules (id, client, key, recurrence, callback_config, cursor_at)
       SELECT gen_random_uuid(), 'c', 'key ' || i, '{"every_ms": 1000}',
         '{"type": "http", "url": "http://a/", "headers": {"Authorization": "secret"}}', now() FROM generate_series(1, 3) AS i`,
    );
    const stored = async () =>
      (await client.query<{ row: string }>('SELECT schedules::text AS row FROM schedules ORDER BY id')).rows;
    const before = await stored();
    await run(A);
    expect((await run(`${B},${A}`)).stdout).toBe(
      'encrypted the headers of 0 of 0 timers and of 3 of 3 schedules',
    );
    const { rows: encrypted } = await client.query<{ id: string; config: never }>(
      'SELECT id, callback_config AS config FROM schedules',
    );
    const read = parseHeaderKeys(B);
    if ('error' in read) throw new Error(read.error);
    for (const { id, config } of encrypted)
      expect(decryptHeaders(read.keys, id, config)).toMatchObject({
        config: { headers: { Authorization: 'secret' } },
      });
    const lost = await run(`c:${Buffer.alloc(32, 3).toString('base64')}`);
    expect(lost.exitCode).toBe(1);
    expect(lost.stderr).toContain('the headers of 3 schedules cannot be read');
    await run(B, '--decrypt');
    expect(await stored()).toEqual(before);
  });

  test('--decrypt restores the rows exactly, including the digits of numbers', async () => {
    await fill(80);
    const text = async () =>
      (await client.query<{ row: string }>('SELECT timers::text AS row FROM timers ORDER BY id')).rows;
    const before = await text();
    await run(A);
    expect(await text()).not.toEqual(before);
    expect((await run(`none,${B},${A}`, '--decrypt')).stdout).toBe(
      'decrypted the headers of 60 of 80 timers',
    );
    expect(await text()).toEqual(before);
  });

  test('names the rows that no key decrypts, leaves them unchanged and encrypts the others', async () => {
    await fill(8);
    await run(A);
    await fill(8);
    const result = await run(B);
    expect(result.exitCode).toBe(1);
    expect(result.stdout).toBe('encrypted the headers of 6 of 16 timers');
    expect(result.stderr).toMatch(
      /the headers of 6 timers cannot be read.*\n( {2}[0-9a-f-]{36}: .*key "a".*\n?){6}/,
    );
    expect(await keysInRows()).toEqual({ a: 6, b: 6 });
  });

  test('restores the schema, also after a failure or a killed run', async () => {
    const triggers = async () =>
      (
        await client.query<{ name: string }>(
          `SELECT tgname AS name FROM pg_trigger WHERE tgrelid = 'timers'::regclass AND NOT tgisinternal
           UNION ALL SELECT proname FROM pg_proc WHERE proname LIKE 'timers%'`,
        )
      ).rows;
    const before = await triggers();
    await client.query(`
      CREATE FUNCTION timers_keep_updated_at() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
      CREATE TRIGGER zz_timers_keep_updated_at BEFORE UPDATE ON timers FOR EACH ROW EXECUTE FUNCTION timers_keep_updated_at();`);
    await fill(8);
    expect((await run(A)).exitCode).toBe(0);
    expect(await triggers()).toEqual(before);
    await fill(8);
    await client.query(
      `ALTER TABLE timers ADD CONSTRAINT broken CHECK (callback_config::text NOT LIKE '%"b"%') NOT VALID`,
    );
    const failed = await run(B);
    expect(failed).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/^error \(failed\): .*"broken"/),
    });
    // PostgreSQL's detail contains the row, with headers and payload.
    expect(failed.stderr).not.toMatch(/Failing row|Authorization/);
    expect(await triggers()).toEqual(before);
  });

  test('encrypts the other rows while one is locked, and keeps what a client writes to it', async () => {
    await fill(8);
    const [held] = (await rows()).filter(({ config }) => JSON.stringify(config).includes('Authorization'));
    const other = new pg.Client({ connectionString: database.url });
    await other.connect();
    try {
      await other.query('BEGIN');
      await other.query('SELECT FROM timers WHERE id = $1 FOR UPDATE', [held?.id]);
      const blocked = await run(A, '--lock-patience', '0');
      expect(blocked).toMatchObject({ exitCode: 6 });
      expect(blocked.stderr).toContain(
        `1 timers are locked by another transaction, for example ${held?.id ?? ''}`,
      );
      expect(blocked.stderr).toContain('could not drop the trigger');
      expect(await keysInRows()).toEqual({ a: 5 });
      await other.query('COMMIT');
      expect(await run(`${B},${A}`)).toMatchObject({ exitCode: 0 });
      expect(await keysInRows()).toEqual({ b: 6 });

      await other.query('BEGIN');
      await other.query('SELECT FROM timers WHERE id = $1 FOR UPDATE', [held?.id]);
      const running = run(`${A},${B}`);
      while (JSON.stringify(await keysInRows()) !== JSON.stringify({ a: 5, b: 1 }));
      await other.query(
        `UPDATE timers SET callback_config = jsonb_set(callback_config, '{headers}', '{"new": "one"}') WHERE id = $1`,
        [held?.id],
      );
      await other.query('COMMIT');
      expect(await running).toMatchObject({ exitCode: 0 });
    } finally {
      await other.end();
    }
    expect(await keysInRows()).toEqual({ a: 6 });
    await run(A, '--decrypt');
    expect((await rows()).find(({ id }) => id === held?.id)?.config).toMatchObject({
      headers: { new: 'one' },
    });
  });

  test.each([
    ['', /is not set/],
    [`none,${A}`, /starts with none/],
    ['a:hunter2', /item 1/],
  ])('rejects keys that cannot encrypt, without showing them (%#)', async (keys, message) => {
    const result = await run(keys);
    expect(result).toMatchObject({ exitCode: 2, stdout: '' });
    expect(result.stderr).toMatch(/^HEADER_ENCRYPTION_KEYS /);
    expect(result.stderr).toMatch(message);
    expect(result.stderr).not.toContain('hunter2');
  });

  test('stops after the current batch on Ctrl-C, and a second run continues', async () => {
    await fill(80);
    const stop = new AbortController();
    const output = {
      line: () => undefined,
      note: () => {
        stop.abort();
      },
      json: () => undefined,
      isTerminal: false,
    };
    const env = { DATABASE_URL: database.url, HEADER_ENCRYPTION_KEYS: A };
    // The progress of the first batch stops it.
    const args = ['encrypt-headers', '--batch-rows', '50'];
    expect(await runCli(args, env, output, () => stop.signal)).toBe(130);
    const { a } = z.object({ a: z.number() }).parse(await keysInRows());
    expect(a).toBeGreaterThan(0);
    expect(a).toBeLessThan(60);
    expect((await run(A)).stdout).toBe(`encrypted the headers of ${60 - a} of 80 timers`);
  });

  test('has --help', async () => {
    const help = await runCommand(database.url, 'encrypt-headers', '--help');
    expect(help.exitCode).toBe(0);
    expect(help.stdout).toContain('--decrypt');
  });
});

test.each([
  [1, 7],
  [0, 7],
])('rejects a database at version %i', async (version, exitCode) => {
  await open(version);
  expect(await run(A)).toMatchObject({ exitCode });
});

test('rejects a database that still has the columns of the first service', async () => {
  await open(1);
  await runCommand(database.url, 'online', 'start');
  const result = await run(A);
  expect(result).toMatchObject({ exitCode: 7 });
  expect(result.stderr).toContain('contract');
});
