import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type FirstServiceDatabase, openFirstServiceDatabase } from '../testing/first-service-database.ts';
import { abortOnline, contractOnline, type OnlineOptions, startOnline } from './run-online.ts';

let database: FirstServiceDatabase;
beforeEach(async () => {
  database = await openFirstServiceDatabase(10);
});
afterEach(() => database.close());

/** Starts and returns the notices. */
async function start(options: Partial<OnlineOptions> = {}): Promise<string[]> {
  const notices: string[] = [];
  await startOnline({
    databaseUrl: database.url,
    report: (event) => event.kind === 'notice' && notices.push(event.text),
    ...options,
  });
  return notices;
}

test('the start refuses encrypted headers, names a row and changes nothing', async () => {
  await database.client.query(
    `UPDATE timers SET callback_headers = '{"$encrypted": {"key": "a", "iv": "", "data": ""}}' WHERE callback_url = 'https://example.com/1'`,
  );
  await expect(start()).rejects.toMatchObject({
    code: 'failed',
    message: expect.stringMatching(/^1 timers have encrypted headers, for example [0-9a-f-]{36}\./),
  });
  const { rows } = await database.client.query(
    `SELECT attname FROM pg_attribute WHERE attrelid = 'timers'::regclass AND attname = 'callback_config'`,
  );
  expect(rows).toEqual([]);
});

test('the start reports timers with an infinite instant', async () => {
  await database.client.query(
    `UPDATE timers SET execute_at = 'infinity' WHERE callback_url = 'https://example.com/1'`,
  );
  expect(await start()).toContainEqual(expect.stringMatching(/^1 timers have an infinite execute_at/));
});

test('the start advises to recycle the connections of the first service', async () => {
  expect(await start()).toContainEqual(expect.stringContaining('cached plan must not change result type'));
});

test('the start reports the free disk of a server on this machine', async () => {
  expect((await start())[0]).toMatch(/^timers takes .* with its indexes; .* must be free/);
});

describe('an object that depends on the old columns', () => {
  beforeEach(() => database.client.query('CREATE VIEW urls AS SELECT id, callback_url FROM timers'));

  test('is reported by the start', async () => {
    expect(await start()).toContainEqual(expect.stringContaining('view urls (callback_url)'));
  });

  test('stops the contract before its verification, with its name and the way out', async () => {
    await start();
    const seen: string[] = [];
    const contract = contractOnline({
      databaseUrl: database.url,
      oldServiceStopped: true,
      report: (event) => seen.push(event.kind),
    });
    await expect(contract).rejects.toMatchObject({
      code: 'dependent-objects',
      message: expect.stringMatching(/view urls \(callback_url\)\n.*Drop these objects/),
    });
    expect(seen).toEqual([]);
    await database.client.query('DROP VIEW urls');
    await contractOnline({ databaseUrl: database.url, oldServiceStopped: true });
  });
});

describe('abort', () => {
  test('names the settings that version 1 has no column for, and loses them only when that is accepted', async () => {
    await start();
    await database.client.query(
      `INSERT INTO timers (execute_at, callback_config) VALUES (now() + interval '1 day', '{"type": "http", "url": "http://new", "timeout_ms": 5}')`,
    );
    await expect(abortOnline({ databaseUrl: database.url })).rejects.toMatchObject({
      code: 'not-confirmed',
      message: expect.stringMatching(/timeout_ms of 1 timers, for example [0-9a-f-]{36}\n.*--accept-loss/),
    });
    await abortOnline({ databaseUrl: database.url, acceptLoss: true });
    const { rows } = await database.client.query(
      `SELECT callback_url FROM timers WHERE callback_url = 'http://new'`,
    );
    expect(rows).toHaveLength(1);
  });
});
