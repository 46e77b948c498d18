import { afterAll, expect, test } from '@jest/globals';
import { findTimer, type HeaderKeys, parseHeaderKeys } from '@timer-platform/database';
import { createTestDatabase } from '@timer-platform/test-support';
import { startTestApi, type TestApi } from '../testing/test-api.ts';

const READ = 'key-of-the-role-read-with-40-characters!';
const SECRET = 'Bearer a-secret-that-nobody-may-see';
const env = { API_KEYS: JSON.stringify([{ name: 'reader', role: 'read', key: READ }]) };

function keysOf(...items: readonly string[]): HeaderKeys {
  const parsed = parseHeaderKeys(items.join());
  if ('error' in parsed) throw new Error(parsed.error);
  return parsed.keys;
}
const KEY_A = `a:${Buffer.alloc(32, 1).toString('base64')}`;

const timer = {
  execute_at: '2099-01-31T09:00:00.000Z',
  callback: {
    type: 'http',
    url: 'https://example.com/',
    headers: { Authorization: SECRET, 'X-Plain': 'seen' },
  },
};

const database = await createTestDatabase();
const withKey = await startTestApi({ database, env, headerKeys: keysOf(KEY_A) });
/** The same database without keys. */
const withoutKeys = await startTestApi({ database, env });
afterAll(async () => {
  await Promise.all([withKey.close(), withoutKeys.close()]);
  await database.drop();
});

const create = (api: TestApi) => api.createTimer(timer);

async function storedCallback(id: string): Promise<string> {
  return JSON.stringify((await findTimer(withKey.db, id))?.callback_config);
}

async function shownCallback(api: TestApi, id: string, key?: string): Promise<unknown> {
  const headers = key === undefined ? undefined : { 'x-api-key': key };
  return (await api.getTimer(id, headers)).callback;
}

test('stores headers unencrypted without keys', async () => {
  expect(await storedCallback(await create(withoutKeys))).toContain(SECRET);
});

test('encrypts headers with a key, and decrypts or masks them in responses', async () => {
  const id = await create(withKey);
  expect(await storedCallback(id)).toMatch(/"headers":\{"\$encrypted":\{[^}]*"key":"a"/);
  expect(await storedCallback(id)).not.toMatch(/secret|Authorization|seen/);
  expect(await shownCallback(withKey, id)).toEqual(timer.callback);
  expect(await shownCallback(withKey, id, READ)).toEqual({
    ...timer.callback,
    headers: { Authorization: '***', 'X-Plain': 'seen' },
  });
});

test('encrypts the headers of a batch and of an update', async () => {
  const { body } = await withKey.request('POST', '/timers/batch', { timers: [timer, timer] });
  expect(JSON.stringify(body)).toContain('"code":0');
  const rows = await withKey.db.rows<{ plain: number }>({
    name: 'count-plain',
    text: `SELECT count(*)::integer AS plain FROM timers WHERE callback_config::text LIKE '%a-secret%'`,
  });
  // The unencrypted timer of the first test.
  expect(rows).toEqual([{ plain: 1 }]);

  const id = await create(withKey);
  const callback = { type: 'nats', topic: 'a', headers: { token: 'another-secret' } };
  const changed = await withKey.request('PUT', `/timers/${id.toUpperCase()}`, { callback });
  expect(changed.status).toBe(200);
  expect(await storedCallback(id)).not.toContain('another-secret');
  expect(await shownCallback(withKey, id)).toEqual(callback);
});

test('shows headers that no key decrypts as stored to admins, and masks them for others', async () => {
  const id = await create(withKey);
  expect(await shownCallback(withoutKeys, id)).toEqual(JSON.parse(await storedCallback(id)));
  expect(await shownCallback(withoutKeys, id, READ)).toEqual({ ...timer.callback, headers: '***' });
});

test('an Idempotency-Key matches the repeated request with and without encryption', async () => {
  const post = (api: TestApi) => api.request('POST', '/timers', timer, { 'idempotency-key': 'once' });
  const [first, second, third] = [await post(withKey), await post(withKey), await post(withoutKeys)];
  expect([first.status, second.body, third.body]).toEqual([201, first.body, first.body]);
});

test('rejects headers in the encrypted format in a request', async () => {
  const $encrypted = { key: 'a', iv: 'AAAA', data: 'AAAA' };
  const { status } = await withKey.request('POST', '/timers', {
    ...timer,
    callback: { ...timer.callback, headers: { $encrypted } },
  });
  expect(status).toBe(400);
});
