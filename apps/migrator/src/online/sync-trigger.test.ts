import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type pg from 'pg';
import { type FirstServiceDatabase, openFirstServiceDatabase } from '../testing/first-service-database.ts';
import { contractOnline, startOnline, verifyOnline } from './run-online.ts';

let database: FirstServiceDatabase;
beforeEach(async () => {
  database = await openFirstServiceDatabase(10);
});
afterEach(() => database.close());

const start = () => startOnline({ databaseUrl: database.url });

const insertOld = `INSERT INTO public.timers (execute_at, callback_url, callback_payload)
  VALUES (now() + interval '1 day', 'http://old', '{"n": 1}')`;
const insertNew = `INSERT INTO public.timers (execute_at, callback_config)
  VALUES (now() + interval '1 day', '{"type": "http", "url": "http://new"}')`;
const updateOld = `UPDATE public.timers SET callback_url = 'http://updated' WHERE callback_url = 'https://example.com/1'`;

/** Writes as an old and as a new client, and checks that both shapes are in sync. */
async function expectWritesInSync(writer: pg.Client): Promise<void> {
  await writer.query(insertOld);
  await writer.query(insertNew);
  await writer.query(updateOld);
  const { rows } = await database.client.query(
    `SELECT callback_url, callback_config FROM timers WHERE callback_url NOT LIKE 'https://example.com/%' ORDER BY callback_url`,
  );
  const payload = { amount: 1 };
  expect(rows).toEqual([
    { callback_url: 'http://new', callback_config: { type: 'http', url: 'http://new' } },
    {
      callback_url: 'http://old',
      callback_config: { type: 'http', url: 'http://old', headers: null, payload: { n: 1 } },
    },
    {
      callback_url: 'http://updated',
      callback_config: { type: 'http', url: 'http://updated', headers: { a: 'b' }, payload },
    },
  ]);
}

describe('the trigger works for a writer', () => {
  test.each(['pg_temp', "''", 'pg_catalog'])('whose search_path is %s', async (path) => {
    await start();
    const writer = await database.connect();
    await writer.query(`SET search_path = ${path}`);
    await expectWritesInSync(writer);
  });

  test('that restores data with COPY and an empty search_path, as pg_dump --data-only does', async () => {
    await start();
    const writer = await database.connect();
    await writer.query(`SELECT pg_catalog.set_config('search_path', '', false)`);
    await writer.query(
      `COPY public.timers (execute_at, callback_url) FROM PROGRAM 'echo 2100-01-01,http://restored' (FORMAT csv)`,
    );
    const { rows } = await writer.query(
      `SELECT callback_config FROM public.timers WHERE callback_url = 'http://restored'`,
    );
    expect(rows).toEqual([
      { callback_config: { type: 'http', url: 'http://restored', headers: null, payload: null } },
    ]);
  });

  test('that owns nothing, where default privileges withhold EXECUTE from PUBLIC', async () => {
    await database.client.query('ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC');
    const role = await database.createRole();
    await database.client.query(`GRANT SELECT, INSERT, UPDATE ON timers TO ${role.name}`);
    await start();
    const writer = await database.connect(role.url);
    await expectWritesInSync(writer);
  });
});

describe('the trigger refuses', () => {
  beforeEach(start);

  test.each([
    ['an insert', insertEncrypted()],
    [
      'an update',
      `UPDATE timers SET callback_config = jsonb_set(callback_config, '{headers}', '{"$encrypted": {"key": "a"}}')`,
    ],
  ])('encrypted headers in %s, because the first service cannot read them', async (_name, statement) => {
    await expect(database.client.query(statement)).rejects.toMatchObject({
      code: '0A000',
      message: expect.stringContaining('encrypted headers'),
      hint: expect.stringContaining('HEADER_ENCRYPTION_KEYS'),
    });
  });

  test('to set callback_url to NULL, with the error of the NOT NULL constraint of version 1', async () => {
    await expect(database.client.query('UPDATE timers SET callback_url = NULL')).rejects.toMatchObject({
      code: '23502',
      table: 'timers',
      column: 'callback_url',
      message: 'null value in column "callback_url" of relation "timers" violates not-null constraint',
    });
  });

  test('two callbacks in one insert that differ in the digits of a number', async () => {
    await expect(
      database.client.query(
        `INSERT INTO timers (execute_at, callback_url, callback_payload, callback_config)
         VALUES (now() + interval '1 day', 'http://a', '1.0', '{"type": "http", "url": "http://a", "payload": 1}')`,
      ),
    ).rejects.toMatchObject({ code: '22000' });
  });
});

function insertEncrypted(): string {
  return `INSERT INTO timers (execute_at, callback_config) VALUES (now() + interval '1 day',
    '{"type": "http", "url": "http://a", "headers": {"$encrypted": {"key": "a", "iv": "", "data": ""}}}')`;
}

test('a change of 1.0 to 1, which are equal as jsonb, is copied by the trigger in both directions', async () => {
  await start();
  await database.client.query(
    `UPDATE timers SET callback_payload = '{"amount": 1}' WHERE callback_url = 'https://example.com/1'`,
  );
  await database.client.query(
    `UPDATE timers SET callback_config = jsonb_set(callback_config, '{payload}', '{"amount": 1.00}') WHERE callback_url = 'https://example.com/2'`,
  );
  const { rows } = await database.client.query(
    `SELECT callback_payload::text AS old, (callback_config->'payload')::text AS new FROM timers
     WHERE callback_url IN ('https://example.com/1', 'https://example.com/2') ORDER BY callback_url`,
  );
  expect(rows).toEqual([
    { old: '{"amount": 1}', new: '{"amount": 1}' },
    { old: '{"amount": 1.00}', new: '{"amount": 1.00}' },
  ]);
  await contractOnline({ databaseUrl: database.url, oldServiceStopped: true });
});

test('the verification names a row whose shapes differ only in the digits of a number', async () => {
  await start();
  await database.client.query("SET session_replication_role = 'replica'");
  const { rows } = await database.client.query<{ id: string }>(
    `UPDATE timers SET callback_payload = '{"amount": 1}' WHERE callback_url = 'https://example.com/1' RETURNING id`,
  );
  await expect(verifyOnline({ databaseUrl: database.url })).rejects.toMatchObject({
    code: 'not-verified',
    message: expect.stringMatching(
      new RegExp(`^[^]*1 rows whose old and new columns .*${rows[0]?.id ?? ''}`),
    ),
  });
});
