import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { timerResponseSchema, timerSummaryResponseSchema } from '@timer-platform/callback-types';
import { findTimer, type HeaderKeys, parseHeaderKeys } from '@timer-platform/database';
import { createTestDatabase, type TestDatabase } from '@timer-platform/test-support';
import { startTestApi, type TestApi } from '../testing/test-api.ts';

const READ = 'key-of-the-role-read-with-40-characters!';
const SECRET = 'Bearer a-secret-that-nobody-may-see';
const env = { API_KEYS: JSON.stringify([{ name: 'reader', role: 'read', key: READ }]) };

function keysOf(...items: readonly string[]): HeaderKeys {
  const read = parseHeaderKeys(items.join());
  if ('fault' in read) throw new Error(read.fault);
  return read.keys;
}
const A = `a:${Buffer.alloc(32, 1).toString('base64')}`;

const timer = {
  execute_at: '2099-01-31T09:00:00.000Z',
  callback: {
    type: 'http',
    url: 'https://example.com/',
    headers: { Authorization: SECRET, 'X-Plain': 'seen' },
  },
};

let database: TestDatabase;
let on: TestApi;
/** The same database without keys. */
let off: TestApi;

beforeAll(async () => {
  database = await createTestDatabase();
  on = await startTestApi({ database, env, headerKeys: keysOf(A) });
  off = await startTestApi({ database, env });
});
afterAll(async () => {
  await Promise.all([on.close(), off.close()]);
  await database.drop();
});

async function create(api: TestApi): Promise<string> {
  return timerSummaryResponseSchema.parse((await api.request('POST', '/timers', timer)).body).data.id;
}

async function inTheRow(id: string): Promise<string> {
  return JSON.stringify((await findTimer(on.db, id))?.callback_config);
}

async function shown(api: TestApi, id: string, key?: string): Promise<unknown> {
  const headers = key === undefined ? undefined : { 'x-api-key': key };
  const { body } = await api.request('GET', `/timers/${id}`, undefined, headers);
  return timerResponseSchema.parse(body).data.callback_config;
}

test('without keys the row holds the headers as they were given', async () => {
  expect(await inTheRow(await create(off))).toContain(SECRET);
});

test('with a key the row does not hold them; answers show and mask them as ever', async () => {
  const id = await create(on);
  expect(await inTheRow(id)).toMatch(/"headers":\{"\$encrypted":\{[^}]*"key":"a"/);
  expect(await inTheRow(id)).not.toMatch(/secret|Authorization|seen/);
  expect(await shown(on, id)).toEqual(timer.callback);
  expect(await shown(on, id, READ)).toEqual({
    ...timer.callback,
    headers: { Authorization: '***', 'X-Plain': 'seen' },
  });
});

test('a batch and a change store them encrypted as well', async () => {
  const { body } = await on.request('POST', '/timers/batch', { timers: [timer, timer] });
  expect(JSON.stringify(body)).toContain('"code":0');
  const rows = await on.db.rows<{ plain: number }>({
    name: 'count-plain',
    text: `SELECT count(*)::integer AS plain FROM timers WHERE callback_config::text LIKE '%a-secret%'`,
  });
  // That of the test before.
  expect(rows).toEqual([{ plain: 1 }]);

  const id = await create(on);
  const callback = { type: 'nats', topic: 'a', headers: { token: 'another-secret' } };
  const changed = await on.request('PUT', `/timers/${id.toUpperCase()}`, { callback });
  expect(changed.status).toBe(200);
  expect(await inTheRow(id)).not.toContain('another-secret');
  expect(await shown(on, id)).toEqual(callback);
});

test('headers that no key opens: as stored for admin, masked as a whole for others', async () => {
  const id = await create(on);
  expect(JSON.stringify(await shown(off, id))).toBe(await inTheRow(id));
  expect(await shown(off, id, READ)).toEqual({ ...timer.callback, headers: '***' });
});

test('an Idempotency-Key repeats the request, whether its headers are encrypted or not', async () => {
  const post = (api: TestApi) => api.request('POST', '/timers', timer, { 'idempotency-key': 'once' });
  const [first, second, third] = [await post(on), await post(on), await post(off)];
  expect([first.status, second.body, third.body]).toEqual([201, first.body, first.body]);
});

test('the form of encrypted headers is refused in a request', async () => {
  const $encrypted = { key: 'a', iv: 'AAAA', data: 'AAAA' };
  const { status } = await on.request('POST', '/timers', {
    ...timer,
    callback: { ...timer.callback, headers: { $encrypted } },
  });
  expect(status).toBe(400);
});
