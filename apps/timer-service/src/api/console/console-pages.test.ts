import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@timer-platform/test-support';
import { startTestApi, type TestApi } from '../testing/test-api.ts';
import { createConsole } from './console.ts';

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <base href="/console/" />
    <meta name="timer-api-base" content="" />
    <script type="module" src="./assets/main-1a2b.js"></script>
  </head>
  <body></body>
</html>
`;
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
  "base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

let directory: string;
let database: TestDatabase;
let api: TestApi;
const opened: TestApi[] = [];

async function open(env: Record<string, string> = {}, from = path.join(directory, 'dist')): Promise<TestApi> {
  const started = await startTestApi({
    database,
    env,
    console: createConsole({ mode: 'production', directory: from }),
  });
  opened.push(started);
  return started;
}

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'timer-console-pages-'));
  const assets = path.join(directory, 'dist', 'assets');
  await mkdir(assets, { recursive: true });
  await writeFile(path.join(directory, 'secret.txt'), 'not a file of the console');
  for (const [name, content] of [
    ['../index.html', PAGE],
    ['../icon.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>'],
    ['main-1a2b.js', 'plain'],
    ['main-1a2b.js.br', 'brotli'],
    ['main-1a2b.js.gz', 'gzipped'],
    ['main-3c4d.css', 'a{}'],
  ] as const)
    await writeFile(path.join(assets, name), content);
  database = await createTestDatabase();
  api = await open();
});
afterAll(async () => {
  await Promise.all(opened.map((each) => each.close()));
  await database.drop();
  await rm(directory, { recursive: true });
});

const get = (url: string, headers: Record<string, string> = {}, from = api) =>
  from.app.inject({ method: 'GET', url, headers });

describe('the page', () => {
  test.each([
    ['its path', '/console'],
    ['its path with a slash', '/console/'],
    ['a list with filters', '/console/timers?status=failed&metadata=%7B%22a%22%3A1%7D'],
    ['a destination', '/console/destinations/https%3A%2F%2Fhooks.example.com%3A8443'],
    ['a destination with a long name', `/console/destinations/${'%C3%A9'.repeat(2_083)}`],
    ['a name with slashes and dots', '/console/schedules/reports/daily.v2.js'],
  ])('is at every path of the console: %s', async (_, url) => {
    const response = await get(url);
    expect(response.statusCode).toBe(200);
    expect(response.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': POLICY,
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cache-control': 'no-cache',
    });
    expect(response.payload).toContain('./assets/main-1a2b.js');
  });

  test('has the place of the console and of the API, before anything that depends on it', async () => {
    const { payload } = await get('/console/timers/a');
    expect(payload).toContain(
      '<head>\n    <base href="/console/" />\n    <meta name="timer-api-base" content="" />',
    );
    const moved = await open({ CONSOLE_PATH: '/ops/console', PUBLIC_PATH: '/timers-production/' });
    const { payload: there } = await get('/ops/console/timers', {}, moved);
    expect(there).toContain('<base href="/timers-production/ops/console/" />');
    expect(there).toContain('<meta name="timer-api-base" content="/timers-production" />');
    expect(there.match(/<base|timer-api-base/g)).toHaveLength(2);
    expect((await get('/ops/console/assets/main-1a2b.js', {}, moved)).payload).toBe('plain');
    expect((await get('/console', {}, moved)).statusCode).toBe(404);
  });

  test('is not sent again to a browser that has it', async () => {
    const { headers } = await get('/console');
    const again = await get('/console/schedules', { 'if-none-match': String(headers.etag) });
    expect([again.statusCode, again.payload]).toStrictEqual([304, '']);
  });

  test('is not served where one must not enter a key', async () => {
    const remote = { host: 'timers.example.com' };
    const response = await get('/console', remote);
    expect(response.statusCode).toBe(403);
    expect(response.payload).toContain('CONSOLE_ALLOW_HTTP=true');
    const open1 = await open({ TRUSTED_PROXIES: 'loopback' });
    const behindTls = { ...remote, 'x-forwarded-proto': 'https' };
    expect((await get('/console', behindTls, open1)).statusCode).toBe(200);
  });
});

describe('files', () => {
  test.each([
    ['br, gzip', 'brotli', 'br'],
    ['gzip', 'gzipped', 'gzip'],
    ['identity', 'plain', undefined],
  ])('are sent as they were compressed: Accept-Encoding %s', async (accepted, payload, encoding) => {
    const response = await get('/console/assets/main-1a2b.js', { 'accept-encoding': accepted });
    expect([response.statusCode, response.payload]).toStrictEqual([200, payload]);
    expect(response.headers['content-encoding']).toBe(encoding);
    expect(response.headers).toMatchObject({
      'content-type': 'application/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
      vary: 'accept-encoding',
      'x-content-type-options': 'nosniff',
    });
  });

  test('without a compressed form are sent as they are; those with a fixed name are asked for again', async () => {
    const css = await get('/console/assets/main-3c4d.css', { 'accept-encoding': 'br' });
    expect([css.statusCode, css.payload, css.headers['content-type']]).toStrictEqual([
      200,
      'a{}',
      'text/css; charset=utf-8',
    ]);
    const icon = await get('/console/icon.svg');
    expect([icon.statusCode, icon.headers['content-type'], icon.headers['cache-control']]).toStrictEqual([
      200,
      'image/svg+xml',
      'public, max-age=0',
    ]);
  });

  test.each([
    '/console/assets/missing.js',
    '/console/assets/main-1a2b.js.br',
    '/console/assets',
    '/console/assets/',
    '/console/assets/..%2f..%2fsecret.txt',
    '/console/api/unknown',
    '/console/api',
  ])('that do not exist are not found, and no page: %s', async (url) => {
    const response = await get(url);
    expect([response.statusCode, response.headers['content-type']]).toStrictEqual([
      404,
      'application/json; charset=utf-8',
    ]);
  });

  test.each([
    '/console/../secret.txt',
    '/console/%2e%2e/secret.txt',
    '/console/..%2fsecret.txt',
    '/console//etc/passwd',
  ])('outside are out of reach: %s', async (url) => {
    const { payload } = await get(url);
    expect(payload).not.toMatch(/not a file of the console|root:/);
  });
});

test('a console that is not built says how to build it', async () => {
  const unbuilt = await open({}, path.join(directory, 'missing'));
  const response = await unbuilt.request('GET', '/console/timers');
  expect(response).toMatchObject({
    status: 404,
    body: { code: 3, message: expect.stringContaining('npx nx run console:build') },
  });
  expect(unbuilt.logged.join('')).toContain('npx nx run console:build');
});

test('CONSOLE_PATH is not the root', async () => {
  await expect(open({ CONSOLE_PATH: '/' })).rejects.toThrow('must not be the root');
});
