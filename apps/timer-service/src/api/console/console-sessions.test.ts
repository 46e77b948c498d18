import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pruneConsoleSessions } from '@timer-platform/database';
import { createTestDatabase, type TestDatabase } from '@timer-platform/test-support';
import { API_KEY, startTestApi, type TestApi, type TestResponse } from '../testing/test-api.ts';
import { createConsole } from './console.ts';
import { RECORDED_ROUTES } from './console-action.ts';

const READ = 'key-of-the-role-read-with-40-characters!';
const WRITE = 'key-of-the-role-write-with-40-characters';
const OTHER = 'another-key-with-the-name-of-the-reader!';
const SESSION = '/console/api/session';
/** Bulk changes, their undo, and settings of destinations, whoever requests them. */
const RECORD_THEMSELVES =
  /^(?:POST \/timers\/(?:cancel|reschedule|retry|run)|POST \/actions\/:id\/undo|(?:PATCH|POST) \/destinations\/:key(?:\/(?:pause|resume))?)$/;
/** A preview is computed from its body, and anybody may log out. */
const CHANGE_NOTHING = ['/schedules/preview', SESSION];
const FROM_CONSOLE = { 'x-timer-console': '1', 'sec-fetch-site': 'same-origin' };
const TIMER = {
  execute_at: '2099-01-31T09:00:00.000Z',
  callback: { type: 'http', url: 'https://example.com/', headers: { Authorization: 'Bearer secret' } },
};

const operatorConsole = createConsole({ mode: 'production' });
const keysOf = (reader: string) =>
  JSON.stringify([
    { name: 'reader', role: 'read', key: reader },
    { name: 'writer', role: 'write', key: WRITE },
  ]);

let directory: string;
let file: string;
let database: TestDatabase;
let api: TestApi;
/** Sends no API key unless the headers have one. */
let send: ReturnType<typeof sender>;

function sender({ app }: TestApi) {
  return async (method: string, url: string, headers: Record<string, string> = {}, body?: unknown) => {
    const response = await app.inject({
      method: method as 'GET',
      url,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
    });
    return {
      status: response.statusCode,
      headers: response.headers,
      body: JSON.parse(response.payload) as unknown,
    } satisfies TestResponse;
  };
}

function setCookieOf({ headers }: TestResponse): string {
  return String(headers['set-cookie']);
}

/** The `Cookie` header that a browser sends after a response. */
function cookieOf(response: TestResponse): string {
  return setCookieOf(response).split(';')[0] ?? '';
}

async function login(key = API_KEY, headers: Record<string, string> = {}): Promise<TestResponse> {
  return send('POST', SESSION, { ...FROM_CONSOLE, ...headers }, { api_key: key });
}

async function loggedIn(key = API_KEY): Promise<Record<string, string>> {
  return { ...FROM_CONSOLE, cookie: cookieOf(await login(key)) };
}

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'timer-console-'));
  file = path.join(directory, 'keys.json');
  await writeFile(file, keysOf(READ));
  database = await createTestDatabase();
  api = await startTestApi({ database, env: { API_KEYS_FILE: file }, console: operatorConsole });
  send = sender(api);
});
afterAll(async () => {
  await api.close();
  await database.drop();
  await rm(directory, { recursive: true });
});

describe('a session', () => {
  test('begins with a key, is a cookie that scripts cannot read, and ends with a logout', async () => {
    const response = await login();
    expect(response).toMatchObject({
      status: 200,
      body: {
        code: 0,
        data: { name: 'default', role: 'admin', mode: 'production', inspector: false, version: '0.1.0' },
      },
    });
    expect(setCookieOf(response)).toMatch(
      /^timer_console=[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/,
    );
    expect(response.headers['cache-control']).toBe('no-store');
    const headers = { ...FROM_CONSOLE, cookie: cookieOf(response) };
    const session = await send('GET', SESSION, headers);
    expect(session).toMatchObject({ status: 200, body: { data: { name: 'default', role: 'admin' } } });
    expect(session.headers).toMatchObject({ vary: 'cookie', 'cache-control': 'no-store' });
    const { expires_at: expiresAt } = (session.body as { data: { expires_at: string } }).data;
    expect(Math.abs(Date.parse(expiresAt) - Date.now() - 12 * 3_600_000)).toBeLessThan(60_000);
    expect(await send('GET', '/timers', headers)).toMatchObject({ status: 200 });

    const logout = await send('DELETE', SESSION, headers);
    expect(logout).toMatchObject({ status: 200, body: { data: null } });
    expect(setCookieOf(logout)).toMatch(/^timer_console=; Path=\/; Max-Age=0;/);
    const after = await send('GET', '/timers', headers);
    expect(after).toMatchObject({
      status: 401,
      body: { code: 4, message: 'the session of the console has ended: log in again' },
    });
    expect(setCookieOf(after)).toMatch(/^timer_console=;/);
  });

  test('has the rights of its key: secrets for admin, changes for write', async () => {
    const id = await api.createTimer(TIMER);
    const headersSeen = async (key: string) => {
      const { body } = await send('GET', `/timers/${id}`, await loggedIn(key));
      return (body as { data: { callback: { headers: unknown } } }).data.callback.headers;
    };
    expect(await headersSeen(API_KEY)).toStrictEqual({ Authorization: 'Bearer secret' });
    expect(await headersSeen(READ)).toStrictEqual({ Authorization: '***' });
    expect(await send('POST', '/timers', await loggedIn(WRITE), TIMER)).toMatchObject({ status: 201 });
    expect(await send('POST', '/timers/retry', await loggedIn(WRITE), {})).toMatchObject({ status: 403 });
  });

  test('of the role read is refused by every route that changes something', async () => {
    const routes = changingRoutes(api);
    expect(routes.length).toBeGreaterThan(12);
    const headers = await loggedIn(READ);
    for (const [method, url] of routes) {
      const { status, body } = await send(method, url, headers, {});
      expect([method, url, status, body]).toMatchObject([
        method,
        url,
        403,
        { code: 9, message: expect.stringContaining('has the role read') },
      ]);
    }
  });

  test('is stored as digests, from which neither the token nor the key can be derived', async () => {
    const token = cookieOf(await login(READ)).split('=')[1] ?? '';
    const [row] = await api.db.rows<{ stored: string }>({
      name: 'sessions',
      text: `SELECT string_agg(console_sessions::text || encode(key_check, 'escape'), '') AS stored FROM console_sessions`,
    });
    for (const secret of [token, READ, Buffer.from(token, 'base64url').toString('hex')])
      expect(row?.stored).not.toContain(secret);
    expect(api.logged.join('')).toContain('logged in to the console');
    for (const secret of [token, READ, API_KEY]) expect(api.logged.join('')).not.toContain(secret);
  });

  test('is new at every login: a planted token never becomes valid, and the old session ends', async () => {
    const planted = `timer_console=${'A'.repeat(43)}`;
    const first = await login(API_KEY, { cookie: planted });
    expect(cookieOf(first)).not.toBe(planted);
    expect(await send('GET', '/timers', { ...FROM_CONSOLE, cookie: planted })).toMatchObject({ status: 401 });
    const second = await login(READ, { cookie: cookieOf(first) });
    expect(await send('GET', '/timers', { cookie: cookieOf(first) })).toMatchObject({ status: 401 });
    expect(await send('GET', '/timers', { cookie: cookieOf(second) })).toMatchObject({ status: 200 });
  });

  test('expires by the clock of the database, and is pruned', async () => {
    const headers = await loggedIn();
    const kept = await loggedIn();
    await api.db.rows(
      {
        name: 'expire',
        text: `UPDATE console_sessions SET expires_at = now() - interval '1 second' WHERE token_sha256 = sha256($1)`,
      },
      [Buffer.from(headers['cookie']?.split('=')[1] ?? '')],
    );
    expect(await send('GET', '/timers', headers)).toMatchObject({ status: 401 });
    expect(await pruneConsoleSessions(api.db, { limit: 1 })).toStrictEqual({ deleted: 1, next: 'more' });
    expect(await pruneConsoleSessions(api.db, { limit: 1 })).toStrictEqual({ deleted: 0, next: undefined });
    expect(await send('GET', '/timers', kept)).toMatchObject({ status: 200 });
  });

  test('ends when its key gets another secret or is removed, without a restart', async () => {
    const headers = await loggedIn(READ);
    const replaceFile = async (content: string) => {
      api.logged.length = 0;
      await writeFile(`${file}.new`, content);
      await rename(`${file}.new`, file);
      while (!api.logged.some((line) => line.includes('API keys reloaded')))
        await new Promise((resolve) => setTimeout(resolve, 20));
    };
    expect(await send('GET', '/timers', headers)).toMatchObject({ status: 200 });
    await replaceFile(keysOf(OTHER));
    expect(await send('GET', '/timers', headers)).toMatchObject({ status: 401 });
    await replaceFile('[]');
    expect(await send('GET', '/timers', headers)).toMatchObject({ status: 401 });
    await replaceFile(keysOf(READ));
  });

  test('is one of at most a hundred of its key; the oldest ends first', async () => {
    const oldest = await loggedIn(WRITE);
    for (let count = 1; count < 100; count += 1) await login(WRITE);
    expect(await send('GET', '/timers', oldest)).toMatchObject({ status: 200 });
    await login(WRITE);
    expect(await send('GET', '/timers', oldest)).toMatchObject({ status: 401 });
  });
});

describe('the audit log', () => {
  const actions = () =>
    api.db.rows<{ client: string; action: string; target: string | null }>({
      name: 'actions',
      text: 'SELECT client, action, target FROM operator_actions ORDER BY at, id',
    });

  test('has what the console changes, and not what programs do with a key', async () => {
    const before = (await actions()).length;
    const headers = await loggedIn(WRITE);
    const { body } = await send('POST', '/timers', headers, TIMER);
    const { id } = (body as { data: { id: string } }).data;
    expect(await send('DELETE', `/timers/${id}`, headers)).toMatchObject({ status: 200 });
    expect(await send('DELETE', `/timers/${id}`, headers)).toMatchObject({ status: 400 });
    await send('POST', '/schedules/preview', headers, { cron: '@daily' });
    await api.createTimer(TIMER);
    expect((await actions()).slice(before)).toStrictEqual([
      { client: 'writer', action: 'create_timer', target: id },
      { client: 'writer', action: 'cancel_timer', target: id },
    ]);
  });

  test('knows every route that changes something', () => {
    const named = changingRoutes(api, (pattern) => pattern).map((route) => route.join(' '));
    const others = named.filter((route) => !RECORDED_ROUTES.has(route));
    expect(others.filter((route) => !RECORD_THEMSELVES.test(route))).toStrictEqual([]);
    for (const route of RECORDED_ROUTES.keys()) expect(named).toContain(route);
  });

  test('does not keep back a change that it cannot record', async () => {
    const headers = await loggedIn(WRITE);
    await api.db.rows({ name: 'break', text: 'ALTER TABLE operator_actions RENAME TO away' });
    expect(await send('POST', '/timers', headers, TIMER)).toMatchObject({ status: 201 });
    await api.db.rows({ name: 'repair', text: 'ALTER TABLE away RENAME TO operator_actions' });
    expect(api.logged.join('')).toContain('missing in the audit log');
  });
});

describe('a cookie alone', () => {
  test.each<[string, Record<string, string>]>([
    ['without the header of the console', { 'sec-fetch-site': 'same-origin' }],
    ['from another site', { 'x-timer-console': '1', 'sec-fetch-site': 'cross-site' }],
    ['from a sibling host', { 'x-timer-console': '1', 'sec-fetch-site': 'same-site' }],
    ['with another Origin', { 'x-timer-console': '1', origin: 'https://evil.example' }],
  ])('changes nothing %s', async (_, headers) => {
    const { cookie = '' } = await loggedIn();
    const id = await api.createTimer(TIMER);
    for (const [method, url] of [
      ['DELETE', `/timers/${id}`],
      ['POST', `/timers/${id}/run`],
      ['DELETE', SESSION],
    ] as const)
      expect(await send(method, url, { ...headers, cookie })).toMatchObject({
        status: 403,
        body: { code: 9 },
      });
    expect(await api.getTimer(id)).toMatchObject({ status: 'pending' });
    expect(await send('GET', '/timers', { cookie })).toMatchObject({ status: 200 });
  });

  test('is refused to a page of another origin that reads', async () => {
    const { cookie = '' } = await loggedIn();
    for (const url of ['/timers', SESSION])
      for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { origin: 'https://evil.example' }]) {
        const response = await send('GET', url, { ...headers, cookie });
        expect(response).toMatchObject({ status: 403 });
        expect(response.headers['access-control-allow-origin']).toBeUndefined();
      }
  });

  test('does not log in a browser for a page of another origin', async () => {
    for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { 'x-timer-console': '' }]) {
      const response = await login(API_KEY, headers);
      expect(response).toMatchObject({ status: 403 });
      expect(response.headers['set-cookie']).toBeUndefined();
    }
  });
});

describe('credentials', () => {
  test('a key of its own counts alone, right or wrong', async () => {
    const reader = await loggedIn(READ);
    expect(await send('POST', '/timers', { ...reader, 'x-api-key': API_KEY }, TIMER)).toMatchObject({
      status: 201,
    });
    const { cookie = '' } = await loggedIn();
    for (const headers of [
      { 'x-api-key': 'wrong' },
      { 'x-api-key': '' },
      { authorization: 'Bearer wrong' },
      { authorization: 'bearer' },
    ])
      expect(await send('GET', '/timers', { ...headers, cookie })).toMatchObject({ status: 401 });
    // Such as those that a proxy asks for.
    const basic = { authorization: 'Basic dTpw', cookie };
    expect(await send('GET', '/timers', basic)).toMatchObject({ status: 200 });
  });

  test.each<[string, (cookie: string) => string]>([
    ['two cookies', (cookie) => `${cookie}; timer_console=${'A'.repeat(43)}`],
    ['the same cookie twice', (cookie) => `${cookie}; ${cookie}`],
    ['a cookie that is too long', (cookie) => `${cookie}A`],
    ['a huge cookie', () => `timer_console=${'A'.repeat(12_000)}`],
    ['an empty cookie', () => 'timer_console='],
    ['a cookie with quotes', (cookie) => cookie.replace('=', '="').concat('"')],
    ['the cookie of another session', () => `timer_console=${'A'.repeat(43)}`],
  ])('%s is no session', async (_, change) => {
    const { cookie = '' } = await loggedIn();
    const response = await send('GET', '/timers', { ...FROM_CONSOLE, cookie: change(cookie) });
    expect(response).toMatchObject({ status: 401, body: { message: expect.stringContaining('has ended') } });
  });

  test('other cookies do not matter', async () => {
    const { cookie = '' } = await loggedIn();
    const all = `a=b; ${cookie}; not_timer_console=x; =; timer_console_2=y`;
    expect(await send('GET', '/timers', { cookie: all })).toMatchObject({ status: 200 });
    const without = await send('GET', '/timers', { cookie: 'a=b' });
    expect(without).toMatchObject({ body: { message: expect.stringContaining('missing or wrong') } });
  });

  test('a wrong key is delayed and counts with those in headers; a right one always works', async () => {
    const limited = await startTestApi({
      database,
      env: { FAILED_AUTH_PER_MINUTE: '3' },
      console: operatorConsole,
    });
    const sendLimited = sender(limited);
    const attempt = (key: string) => sendLimited('POST', SESSION, FROM_CONSOLE, { api_key: key });
    await sendLimited('GET', '/timers', { 'x-api-key': 'wrong' });
    const startedMs = performance.now();
    const wrong = await Promise.all(Array.from({ length: 4 }, () => attempt('wrong')));
    expect(performance.now() - startedMs).toBeGreaterThan(200);
    expect(wrong.map(({ status }) => status).sort()).toStrictEqual([401, 401, 429, 429]);
    expect(wrong.every(({ headers }) => headers['set-cookie'] === undefined)).toBe(true);
    expect(await attempt(`  ${API_KEY}\n`)).toMatchObject({ status: 200 });
    await limited.close();
  });

  test.each([
    [{}],
    [{ api_key: 1 }],
    [{ api_key: 'k'.repeat(1_025) }],
    [{ api_key: API_KEY, more: 1 }],
    [[]],
  ])('a login with the body %j is refused without quoting it', async (body) => {
    const response = await send('POST', SESSION, FROM_CONSOLE, body);
    expect(response).toMatchObject({ status: 400, body: { code: 2 } });
    expect(JSON.stringify(response.body)).not.toContain('kkk');
    expect(JSON.stringify(response.body)).not.toContain(API_KEY);
  });

  test('a body of more than 4 KiB is not read', async () => {
    const body = { api_key: 'k'.repeat(5_000) };
    expect(await send('POST', SESSION, FROM_CONSOLE, body)).toMatchObject({ status: 413 });
  });
});

describe('the way to the service', () => {
  const started: TestApi[] = [];
  const start = async (env: Record<string, string>) => {
    const other = await startTestApi({ database, db: api.db, env, console: operatorConsole });
    started.push(other);
    return sender(other);
  };
  afterAll(() => Promise.all(started.map(({ app }) => app.close())));

  test('is HTTPS, the same machine, or what CONSOLE_ALLOW_HTTP allows', async () => {
    const remote = { ...FROM_CONSOLE, host: 'timers.example.com' };
    const refused = await send('POST', SESSION, remote, { api_key: API_KEY });
    expect(refused).toMatchObject({
      status: 403,
      body: { message: expect.stringMatching(/TRUSTED_PROXIES.*CONSOLE_ALLOW_HTTP=true/) },
    });
    expect(refused.headers['set-cookie']).toBeUndefined();
    const { cookie = '' } = await loggedIn();
    expect(await send('GET', '/timers', { ...remote, cookie })).toMatchObject({ status: 403 });

    const open = await start({ CONSOLE_ALLOW_HTTP: 'true' });
    const response = await open('POST', SESSION, remote, { api_key: API_KEY });
    expect(response).toMatchObject({ status: 200 });
    expect(setCookieOf(response)).not.toContain('Secure');
    expect(await open('GET', '/timers', { ...remote, cookie: cookieOf(response) })).toMatchObject({
      status: 200,
    });
  });

  test('behind a trusted proxy with TLS gives a cookie for HTTPS and this host only', async () => {
    const behindTls = {
      ...FROM_CONSOLE,
      host: 'timers.internal:8080',
      'x-forwarded-host': 'timers.example.com',
      'x-forwarded-proto': 'https',
      'x-forwarded-for': '198.51.100.7',
    };
    const open = await start({ TRUSTED_PROXIES: '127.0.0.1' });
    const response = await open('POST', SESSION, behindTls, { api_key: API_KEY });
    expect(response).toMatchObject({ status: 200 });
    expect(setCookieOf(response)).toMatch(/^__Host-timer_console=[\w-]{43}; Path=\/; .*; Secure$/);
    const headers = { ...behindTls, cookie: cookieOf(response) };
    expect(await open('GET', '/timers', headers)).toMatchObject({ status: 200 });
    const { 'sec-fetch-site': site, ...withoutSite } = headers;
    expect(site).toBe('same-origin');
    const ofOrigin = (origin: string) => open('GET', '/timers', { ...withoutSite, origin });
    expect(await ofOrigin('https://timers.example.com')).toMatchObject({ status: 200 });
    expect(await ofOrigin('https://timers.internal:8080')).toMatchObject({ status: 403 });
    // A cookie without the prefix may come from another host of the domain.
    const planted = cookieOf(response).replace('__Host-', '');
    expect(await open('GET', '/timers', { ...headers, cookie: planted })).toMatchObject({ status: 401 });
    // The proxy is not one of those that are trusted.
    expect(await send('POST', SESSION, behindTls, { api_key: API_KEY })).toMatchObject({ status: 403 });
  });

  test('may have another path, and a prefix that a proxy removes', async () => {
    const open = await start({
      CONSOLE_PATH: '/ops/timers-console/',
      PUBLIC_PATH: '/platform/',
      TRUSTED_PROXIES: 'loopback',
    });
    const headers = { ...FROM_CONSOLE, 'x-forwarded-proto': 'https' };
    const body = { api_key: API_KEY };
    expect(await open('POST', SESSION, headers, body)).toMatchObject({ status: 404 });
    const response = await open('POST', '/ops/timers-console/api/session', headers, body);
    expect(setCookieOf(response)).toMatch(/^timer_console=[\w-]{43}; Path=\/platform; .*; Secure$/);
    expect(await open('GET', '/timers', { ...headers, cookie: cookieOf(response) })).toMatchObject({
      status: 200,
    });
  });

  test('is not a path of the API', async () => {
    await expect(start({ CONSOLE_PATH: '/timers/console' })).rejects.toThrow(
      'CONSOLE_PATH /timers/console is a path of the API: choose another, such as /console',
    );
  });
});

test('without a console cookies are ignored', async () => {
  const plain = await startTestApi({ database, db: api.db });
  const sendPlain = sender(plain);
  const { cookie = '' } = await loggedIn();
  expect(await sendPlain('GET', '/timers', { cookie })).toMatchObject({ status: 401 });
  expect(await sendPlain('POST', SESSION, FROM_CONSOLE, { api_key: API_KEY })).toMatchObject({ status: 404 });
  await plain.app.close();
});

/** Method and path of each route that needs a key and is not a read, with values for its parameters. */
function changingRoutes(
  { app }: TestApi,
  fill = (pattern: string) => pattern.replaceAll(/:[a-z_]+/g, '0198a000-0000-7000-8000-000000000000'),
): [string, string][] {
  const routes: [string, string][] = [];
  // Every line of the tree is indented by four characters for each level: a part of a path, and the methods that end there.
  const parts: string[] = [];
  for (const line of app.printRoutes({ commonPrefix: false }).split('\n')) {
    const match = /^([ │├└─]*)(\S+)(?: \(([^)]*)\))?$/u.exec(line);
    if (match === null) continue;
    const [, indent = '', part = '', methods = ''] = match;
    const depth = indent.length / 4 - 1;
    parts.length = depth;
    parts.push(part);
    const url = fill(parts.join(''));
    for (const method of methods.split(', '))
      if (['POST', 'PUT', 'PATCH', 'DELETE'].includes(method) && !CHANGE_NOTHING.includes(url))
        routes.push([method, url]);
  }
  return routes;
}
