import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase } from '@timer-platform/test-support';
import { apiSettingsSchema } from '../api-settings.ts';
import { startTestApi } from '../testing/test-api.ts';
import { digestOf } from './api-key.ts';

const READ = 'key-of-the-role-read-with-40-characters!';
const WRITE = 'key-of-the-role-write-with-40-characters';
const ADMIN = 'key-of-the-role-admin-with-40-characters';
const ROTATED = 'key-that-replaces-reader-in-the-key-file';
const SECRET = 'Bearer a-secret-that-nobody-may-see';

const EXECUTE_AT = '2099-01-31T09:00:00.000Z';
const timer = {
  execute_at: EXECUTE_AT,
  callback: {
    type: 'http',
    url: 'https://example.com/?token=a-secret-that-nobody-may-see',
    headers: { Authorization: SECRET, 'X-Plain': 'seen' },
    payload: { amount: 'a-payload-that-is-not-logged' },
  },
};

const directory = await mkdtemp(path.join(tmpdir(), 'timer-keys-'));
const file = path.join(directory, 'keys.json');

const entries = (read: string) => [
  { name: 'reader', role: 'read', sha256: digestOf(read).toString('hex') },
  { name: 'operator', role: 'admin', key: ADMIN },
];

async function replaceFile(content: string): Promise<void> {
  await writeFile(`${file}.new`, content);
  await rename(`${file}.new`, file);
}

const metrics = () => Promise.resolve({ contentType: 'text/plain; version=0.0.4', body: 'up 1\n' });

await replaceFile(JSON.stringify(entries(READ)));
const database = await createTestDatabase();
const api = await startTestApi({
  database,
  env: { API_KEYS_FILE: file, API_KEYS: JSON.stringify([{ name: 'writer', role: 'write', key: WRITE }]) },
  metrics,
});
afterAll(async () => {
  await api.close();
  await database.drop();
  await rm(directory, { recursive: true });
});

async function statusOf(key: string, method: string, url: string, body?: unknown): Promise<number> {
  const { status } = await api.request(method, url, body, { 'x-api-key': key });
  return status;
}

const create = () => api.createTimer(timer);

describe('roles', () => {
  test.each([
    ['read', READ, 403],
    ['write', WRITE, 200],
    ['admin', ADMIN, 200],
  ])('%s allows its requests and no others', async (_, key, changeStatus) => {
    const id = await create();
    expect(await statusOf(key, 'GET', '/timers')).toBe(200);
    expect(await statusOf(key, 'GET', `/timers/${id}`)).toBe(200);
    expect(await statusOf(key, 'GET', `/timers/${id}/attempts`)).toBe(200);
    expect(await statusOf(key, 'GET', '/metrics')).toBe(200);
    const createStatus = changeStatus === 200 ? 201 : changeStatus;
    expect(await statusOf(key, 'POST', '/timers', timer)).toBe(createStatus);
    expect(await statusOf(key, 'POST', '/timers/batch', { timers: [timer] })).toBe(createStatus);
    expect(await statusOf(key, 'PUT', `/timers/${id}`, { metadata: 1 })).toBe(changeStatus);
    expect(await statusOf(key, 'POST', `/timers/${id}/run`)).toBe(changeStatus);
    expect(await statusOf(key, 'DELETE', `/timers/${id}`)).toBe(changeStatus);
    expect(await statusOf(key, 'POST', `/timers/${id}/retry`)).toBe(
      changeStatus === 200 ? 400 : changeStatus,
    );
  });

  test('a forbidden request returns code 9 and has no effect', async () => {
    const id = await create();
    expect(await api.request('DELETE', `/timers/${id}`, undefined, { 'x-api-key': READ })).toMatchObject({
      status: 403,
      body: { code: 9, message: 'this API key has the role read; the request needs write', data: null },
    });
    expect((await api.getTimer(id)).status).toBe('pending');
  });

  test('only admin sees secrets', async () => {
    const id = await create();
    const configOf = async (key: string) => (await api.getTimer(id, { 'x-api-key': key })).callback;
    expect(await configOf(ADMIN)).toStrictEqual(timer.callback);
    const masked = {
      ...timer.callback,
      url: 'https://example.com/?token=***',
      headers: { Authorization: '***', 'X-Plain': 'seen' },
    };
    expect(await configOf(READ)).toStrictEqual(masked);
    expect(await configOf(WRITE)).toStrictEqual(masked);
    const update = await api.request('PUT', `/timers/${id}`, { metadata: 1 }, { 'x-api-key': WRITE });
    expect(update).toMatchObject({ status: 200, body: { data: { callback: masked } } });
  });

  test('an idempotency key belongs to one API key', async () => {
    const post = (key: string) =>
      api.request('POST', '/timers', timer, { 'x-api-key': key, 'idempotency-key': 'shared' });
    const [writer, admin] = [await post(WRITE), await post(ADMIN)];
    expect([writer.status, admin.status]).toStrictEqual([201, 201]);
    expect(writer.body).not.toStrictEqual(admin.body);
  });
});

describe('Authorization: Bearer', () => {
  const get = (headers: Record<string, string>, url = '/timers') =>
    api.app.inject({ method: 'GET', url, headers });

  test.each(['Bearer', 'bearer', 'BEARER'])('%s with a key is accepted like X-API-Key', async (scheme) => {
    const headers = { authorization: `${scheme} ${WRITE}` };
    expect((await get(headers)).statusCode).toBe(200);
    expect((await get(headers, '/metrics')).statusCode).toBe(200);
    const create = await api.app.inject({ method: 'POST', url: '/timers', headers, payload: timer });
    expect(create.statusCode).toBe(201);
  });

  test('has the role of its key', async () => {
    const headers = { authorization: `Bearer ${READ}` };
    const create = await api.app.inject({ method: 'POST', url: '/timers', headers, payload: timer });
    expect(create.statusCode).toBe(403);
  });

  test.each([
    ['the same key in both headers', { authorization: `Bearer ${ADMIN}`, 'x-api-key': ADMIN }, 200],
    ['a key, and credentials of another scheme', { authorization: 'Basic YTpi', 'x-api-key': ADMIN }, 200],
    ['two valid keys that differ', { authorization: `Bearer ${READ}`, 'x-api-key': ADMIN }, 401],
    ['a valid key and a wrong bearer', { authorization: 'Bearer wrong', 'x-api-key': ADMIN }, 401],
    ['a valid bearer and a wrong key', { authorization: `Bearer ${ADMIN}`, 'x-api-key': 'wrong' }, 401],
    ['a valid key and an empty bearer', { authorization: 'Bearer', 'x-api-key': ADMIN }, 401],
    ['a valid bearer and an empty key', { authorization: `Bearer ${ADMIN}`, 'x-api-key': '' }, 401],
    ['a key without a scheme', { authorization: ADMIN }, 401],
    ['a key as another scheme', { authorization: `Basic ${ADMIN}` }, 401],
    ['nothing', {}, 401],
  ])('%s', async (_, headers, status) => {
    const response = await get(headers);
    expect(response.statusCode).toBe(status);
    expect(response.headers['www-authenticate']).toBe(status === 401 ? 'Bearer realm="timers"' : undefined);
  });

  test('an idempotency key belongs to the API key, in whichever header it is sent', async () => {
    const post = async (headers: Record<string, string>) => {
      const all = { ...headers, 'idempotency-key': 'either-header' };
      return (await api.app.inject({ method: 'POST', url: '/timers', headers: all, payload: timer })).payload;
    };
    expect(await post({ 'x-api-key': WRITE })).toBe(await post({ authorization: `Bearer ${WRITE}` }));
  });

  test('a wrong bearer counts as a wrong key', async () => {
    const limited = await startTestApi({ database, env: { FAILED_AUTH_PER_MINUTE: '2' } });
    const statuses: number[] = [];
    for (const headers of [
      { authorization: 'Bearer wrong' },
      { 'x-api-key': 'wrong' },
      { authorization: 'Bearer b' },
    ])
      statuses.push((await limited.app.inject({ method: 'GET', url: '/timers', headers })).statusCode);
    expect(statuses).toStrictEqual([401, 401, 429]);
    await limited.close();
  });
});

describe('API_KEYS_FILE', () => {
  /** Waits until the service has reloaded the file. */
  async function untilLogged(message: string): Promise<void> {
    while (!api.logged.some((line) => line.includes(message)))
      await new Promise((resolve) => setTimeout(resolve, 20));
    api.logged.length = 0;
  }

  test('is reloaded when it changes; an invalid file has no effect', async () => {
    expect(await statusOf(ROTATED, 'GET', '/timers')).toBe(401);
    await replaceFile(JSON.stringify(entries(ROTATED)));
    await untilLogged('API keys reloaded');
    expect(await statusOf(ROTATED, 'GET', '/timers')).toBe(200);
    expect(await statusOf(READ, 'GET', '/timers')).toBe(401);

    await replaceFile('[{"name": "reader"');
    await untilLogged('API_KEYS_FILE is unusable');
    expect(await statusOf(ROTATED, 'GET', '/timers')).toBe(200);

    await rm(file);
    await untilLogged('API_KEYS_FILE is unusable');
    expect(await statusOf(ROTATED, 'GET', '/timers')).toBe(200);

    await replaceFile(JSON.stringify(entries(READ)));
    await untilLogged('API keys reloaded');
    expect(await statusOf(READ, 'GET', '/timers')).toBe(200);
    expect(await statusOf(ROTATED, 'GET', '/timers')).toBe(401);
  });

  test.each([
    ['that does not exist', undefined],
    ['that is not JSON', 'secret-text-of-the-file'],
    ['with a short key', JSON.stringify([{ name: 'a', role: 'read', key: 'secret-text-of-the-file' }])],
    [
      'with an unknown role',
      JSON.stringify([{ name: 'a', role: 'root', key: 'secret-text-of-the-file-secret-text' }]),
    ],
    ['with neither key nor digest', JSON.stringify([{ name: 'a', role: 'read' }])],
    ['with one name twice', JSON.stringify([...entries(READ), ...entries(READ)])],
    ['with the name of API_KEY', JSON.stringify([{ name: 'default', role: 'read', key: READ }])],
  ])('%s fails the start with an error that does not quote the file', async (_, content) => {
    const broken = path.join(directory, 'broken.json');
    if (content !== undefined) await writeFile(broken, content);
    const start = startTestApi({ database, db: api.db, env: { API_KEYS_FILE: broken } });
    await expect(start).rejects.toThrow(/API_KEYS_FILE|default/);
    await expect(start).rejects.not.toThrow(/secret-text/);
    await rm(broken, { force: true });
  });
});

test.each([
  ['API_KEY', 'short'],
  ['API_KEYS', 'secret-text'],
  ['API_KEYS', JSON.stringify([{ name: 'a', role: 'read', key: 'secret-text' }])],
  ['API_KEYS', JSON.stringify([{ name: 'a b', role: 'read', key: READ }])],
  ['API_KEYS', JSON.stringify([{ name: 'a', role: 'read', key: READ, sha256: 'ab'.repeat(32) }])],
  ['RATE_LIMIT_PER_SECOND', '-1'],
  ['METRICS_PUBLIC', 'maybe'],
])('rejects %s=%s with the name of the variable', (name, value) => {
  const result = apiSettingsSchema.safeParse({ [name]: value });
  expect(result.error?.issues.map(({ path: [variable] }) => variable)).toStrictEqual([name]);
  expect(JSON.stringify(result.error)).not.toContain('secret-text');
});

test('no secret is logged', async () => {
  api.logged.length = 0;
  const id = await create();
  for (const key of [READ, WRITE, ADMIN, 'wrong-key-that-somebody-tries-now']) {
    await api.app.inject({ method: 'GET', url: '/timers', headers: { authorization: `Bearer ${key}` } });
    await api.request('GET', `/timers/${id}?token=query-secret`, undefined, { 'x-api-key': key });
    await api.request('POST', '/timers', { ...timer, unknown: SECRET }, { 'x-api-key': key });
  }
  // The failure of a statement is logged too.
  await api.db.rows({ name: 'break', text: 'ALTER TABLE timers RENAME TO timers_away' });
  expect(await api.request('POST', '/timers', timer)).toMatchObject({
    status: 500,
    body: { code: 1, message: 'internal error; the service log has the cause' },
  });
  await api.db.rows({ name: 'repair', text: 'ALTER TABLE timers_away RENAME TO timers' });
  const log = api.logged.join('');
  expect(log).toContain('request failed');
  expect(log).toContain('wrong API key');
  for (const secret of [
    READ,
    WRITE,
    ADMIN,
    SECRET,
    'wrong-key-that',
    'nobody-may-see',
    'query-secret',
    'not-logged',
  ])
    expect(log).not.toContain(secret);
});

describe('limits', () => {
  test('a key above its rate limit gets 429 with Retry-After', async () => {
    const limited = await startTestApi({ database, env: { RATE_LIMIT_PER_SECOND: '5' } });
    const responses = await Promise.all(Array.from({ length: 40 }, () => limited.request('GET', '/timers')));
    const rejected = responses.filter(({ status }) => status === 429);
    expect(responses.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(5);
    expect(rejected.length).toBeGreaterThan(0);
    expect(rejected[0]).toMatchObject({ body: { code: 8, data: null, reason: 'too_many_requests' } });
    expect(Number(rejected[0]?.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect(rejected[0]?.headers).toMatchObject({ 'ratelimit-limit': '5', 'ratelimit-remaining': '0' });
    expect(await limited.request('GET', '/healthz')).toMatchObject({ status: 200 });
    await limited.close();
  });

  test('wrong keys from one address are delayed, then rejected with 429; valid keys pass', async () => {
    const limited = await startTestApi({ database, env: { FAILED_AUTH_PER_MINUTE: '3' } });
    const wrong = () => limited.request('GET', '/timers', undefined, { 'x-api-key': 'wrong' });
    const startedMs = performance.now();
    const responses = await Promise.all(Array.from({ length: 6 }, wrong));
    expect(performance.now() - startedMs).toBeGreaterThan(200);
    expect(responses.map(({ status }) => status).sort()).toStrictEqual([401, 401, 401, 429, 429, 429]);
    const rejected = responses.find(({ status }) => status === 429);
    expect(Number(rejected?.headers['retry-after'])).toBeGreaterThan(1);
    expect(rejected?.body).toMatchObject({ code: 8, reason: 'too_many_wrong_keys' });
    expect(await limited.request('GET', '/timers')).toMatchObject({ status: 200 });
    await limited.close();
  });

  const statusesOf = async (proxies: string, addresses: readonly string[]) => {
    const limited = await startTestApi({
      database,
      env: { FAILED_AUTH_PER_MINUTE: '1', TRUSTED_PROXIES: proxies },
    });
    const statuses: number[] = [];
    for (const address of addresses) {
      const headers = { 'x-api-key': '', 'x-forwarded-for': address };
      statuses.push((await limited.request('GET', '/timers', undefined, headers)).status);
    }
    await limited.close();
    return statuses;
  };

  test.each([
    ['', [401, 429]],
    ['192.0.2.0/24', [401, 429]],
    ['192.0.2.9, 127.0.0.0/8', [401, 401]],
  ])('X-Forwarded-For is used only from a trusted proxy: %j', async (proxies, statuses) => {
    expect(await statusesOf(proxies, ['198.51.100.1', '198.51.100.2'])).toStrictEqual(statuses);
  });

  test('an IPv6 /64 counts as one client, regardless of the notation', async () => {
    const addresses = [
      '2001:db8::1',
      '2001:db8:0:0:ffff::',
      '2001:db8:0:1::1',
      '::ffff:198.51.100.1',
      '198.51.100.1',
    ];
    expect(await statusesOf('127.0.0.1', addresses)).toStrictEqual([401, 429, 401, 401, 429]);
  });
});

describe('routes without an API key', () => {
  test('include the documentation, unless DOCS is off', async () => {
    const docs = await api.app.inject('/docs/');
    expect(docs.statusCode).toBe(200);
    expect(docs.headers['content-security-policy']).toContain("script-src 'self'");
    expect(docs.headers['content-security-policy']).not.toContain('upgrade-insecure-requests');
    expect(docs.headers['x-frame-options']).toBe('SAMEORIGIN');
    expect((await api.app.inject('/openapi.json')).statusCode).toBe(200);
    const withoutDocs = await startTestApi({ database, env: { DOCS: 'off' } });
    expect((await withoutDocs.app.inject('/docs/')).statusCode).toBe(404);
    expect((await withoutDocs.app.inject('/openapi.json')).statusCode).toBe(404);
    await withoutDocs.close();
  });

  test('include /metrics if METRICS_PUBLIC is on', async () => {
    expect((await api.app.inject('/metrics')).statusCode).toBe(401);
    const publicMetrics = await startTestApi({
      database,
      env: { METRICS_PUBLIC: 'true' },
      metrics,
    });
    const response = await publicMetrics.app.inject('/metrics');
    expect(response.payload).toBe('up 1\n');
    expect(response.headers['content-type']).toBe('text/plain; version=0.0.4');
    await publicMetrics.close();
  });
});
