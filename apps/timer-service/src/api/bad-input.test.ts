import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { errorResponseSchema } from '@timer-platform/callback-types';
import { API_KEY, startTestApi } from './testing/test-api.ts';

const api = await startTestApi({
  checkCallback: (callback) =>
    callback.type === 'nats' ? 'NATS is not configured: set NATS_URL' : undefined,
});
afterAll(() => api.close());

// A rejected request must store nothing, and must not be logged as a failure of the service.
afterEach(async () => {
  expect(await api.countTimers()).toBe(0);
  expect(api.logged.filter((line) => line.includes('request failed'))).toStrictEqual([]);
});

const callback = { type: 'http', url: 'https://example.com/hook' };
const valid = { execute_at: '2099-01-31T09:00:00Z', callback };
const withCallback = (more: object) => ({ ...valid, callback: { ...callback, ...more } });

/** Sends a request that must be rejected with code 2. Returns the paths of its issues. */
async function issuePaths(method: string, path: string, body?: unknown, headers?: Record<string, string>) {
  const response = await api.request(method, path, body, headers);
  expect(response.status).toBe(400);
  const { code, message, errors = [] } = errorResponseSchema.strict().parse(response.body);
  expect(code).toBe(2);
  expect(errors.every((issue) => issue.message !== '')).toBe(true);
  expect(message).toContain(errors[0]?.path);
  return errors.map((issue) => issue.path).sort();
}

interface PostOptions {
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends a body unchanged, with the content type of JSON by default. */
function postText(
  payload: string | Buffer,
  { path = '/timers', headers = { 'content-type': 'application/json' } }: PostOptions = {},
) {
  return api.app.inject({
    method: 'POST',
    url: path,
    headers: { 'x-api-key': API_KEY, ...headers },
    payload,
  });
}

const MIB = 1_048_576;

describe('POST /timers reports the path of each issue', () => {
  test.each<[string, unknown, string[]]>([
    ['no body', undefined, ['body']],
    ['a list', [], ['body']],
    ['null', null, ['body']],
    ['an empty object', {}, ['callback', 'execute_at']],
    ['no callback', { delay: '1s' }, ['callback']],
    ['neither instant nor delay', { callback }, ['execute_at']],
    ['both instant and delay', { ...valid, delay: '1s' }, ['delay']],
    ['an instant in the past', { ...valid, execute_at: '2020-01-01T00:00:00Z' }, ['execute_at']],
    ['an instant before 1970', { ...valid, execute_at: '0000-01-01T00:00:00Z' }, ['execute_at']],
    ['no offset', { ...valid, execute_at: '2099-01-31T09:00:00' }, ['execute_at']],
    ['a day that does not exist', { ...valid, execute_at: '2099-02-30T09:00:00Z' }, ['execute_at']],
    ['year 10000', { ...valid, execute_at: '9999-12-31T23:59:59-23:00' }, ['execute_at']],
    ['infinity', { ...valid, execute_at: 'infinity' }, ['execute_at']],
    ['a number as instant', { ...valid, execute_at: 4_102_444_800 }, ['execute_at']],
    ['a delay without a unit', { callback, delay: '0' }, ['delay']],
    ['a delay of a thousand years', { callback, delay: '365250d' }, ['delay']],
    ['a delay in words', { callback, delay: 'soon' }, ['delay']],
    ['unknown fields', { ...valid, color: 1, size: 2 }, ['color', 'size']],
    ['an unknown callback', { ...valid, callback: { type: 'smtp' } }, ['callback.type']],
    ['a callback without type', { ...valid, callback: { url: 'https://a/' } }, ['callback.type']],
    ['another scheme', withCallback({ url: 'ftp://example.com' }), ['callback.url']],
    ['no scheme', withCallback({ url: 'example.com' }), ['callback.url']],
    ['a password in the URL', withCallback({ url: 'https://u:p@example.com' }), ['callback.url']],
    ['a line break in the URL', withCallback({ url: 'https://example.com/\n' }), ['callback.url']],
    ['U+0000 in the URL', withCallback({ url: 'https://example.com/\u0000' }), ['callback.url']],
    [
      'half a surrogate pair in the URL',
      withCallback({ url: 'https://example.com/\ud800' }),
      ['callback.url'],
    ],
    [
      'a URL above 8 KiB',
      withCallback({ url: `https://example.com/${'a'.repeat(9_000)}` }),
      ['callback.url'],
    ],
    ['a header with a line break', withCallback({ headers: { a: 'x\r\nb: y' } }), ['callback.headers.a']],
    [
      'a header with a space in its name',
      withCallback({ headers: { 'a b': 'x' } }),
      ['callback.headers.a b'],
    ],
    ['a header that is a number', withCallback({ headers: { a: 1 } }), ['callback.headers.a']],
    ['a header of the connection', withCallback({ headers: { Host: 'x' } }), ['callback.headers.Host']],
    ['headers as a list', withCallback({ headers: ['a'] }), ['callback.headers']],
    ['U+0000 in the payload', withCallback({ payload: { a: ['\u0000'] } }), ['callback.payload.a.0']],
    ['half a surrogate pair in the payload', withCallback({ payload: '\udc00' }), ['callback.payload']],
    ['a payload above 1 MiB', withCallback({ payload: 'a'.repeat(MIB) }), ['callback.payload']],
    ['metadata above 64 KiB', { ...valid, metadata: 'a'.repeat(65_536) }, ['metadata']],
    ['U+0000 in metadata', { ...valid, metadata: { '\u0000': 1 } }, ['metadata.\u0000']],
    ['an expiry before the instant', { ...valid, expires_at: '2098-01-01T00:00:00Z' }, ['expires_at']],
    ['no attempts', { ...valid, retry: { max_attempts: 0 } }, ['retry.max_attempts']],
    ['NATS that is not configured', { ...valid, callback: { type: 'nats', topic: 'a' } }, ['callback.type']],
    [
      'several issues at once',
      {
        ...valid,
        execute_at: 'x',
        color: 1,
        callback: { ...callback, url: 'x', headers: { 'a b': 'x' }, size: 1 },
      },
      ['callback.headers.a b', 'callback.size', 'callback.url', 'color', 'execute_at'],
    ],
  ])('for %s', async (_, body, paths) => {
    expect(await issuePaths('POST', '/timers', body)).toStrictEqual(paths);
  });

  test('rejects an integer that would lose digits', async () => {
    const text = JSON.stringify(withCallback({ payload: { n: 0 } })).replace('"n":0', '"n":9007199254740993');
    const { statusCode, payload } = await postText(text);
    expect(statusCode).toBe(400);
    expect(payload).toContain('callback.payload.n');
  });

  test('rejects a payload nested 100,000 levels deep', async () => {
    const depth = 100_000;
    const text = JSON.stringify(withCallback({ payload: 'here' }));
    const { statusCode } = await postText(text.replace('"here"', '['.repeat(depth) + ']'.repeat(depth)));
    expect(statusCode).toBe(400);
  });
});

describe('the other routes report the path of each issue', () => {
  const id = '0198c0de-0000-7000-8000-000000000001';

  test('for the items of a batch, with their index', async () => {
    const timers = [valid, { callback }, { ...valid, execute_at: '9999-12-31T23:59:59-23:00' }];
    expect(await issuePaths('POST', '/timers/batch', { timers })).toStrictEqual([
      'timers.1.execute_at',
      'timers.2.execute_at',
    ]);
    const far = { timers: [valid, timers[2]] };
    expect(await issuePaths('POST', '/timers/batch', far)).toStrictEqual(['timers.1.execute_at']);
    const past = { ...valid, execute_at: '2020-01-01T00:00:00Z' };
    expect(await issuePaths('POST', '/timers/batch', { timers: [past, valid, past] })).toStrictEqual([
      'timers.0.execute_at',
      'timers.2.execute_at',
    ]);
    const nats = { ...valid, callback: { type: 'nats', topic: 'a' } };
    expect(await issuePaths('POST', '/timers/batch', { timers: [valid, nats] })).toStrictEqual([
      'timers.1.callback.type',
    ]);
  });

  test('for an empty batch and a batch of more than 1,000 timers', async () => {
    expect(await issuePaths('POST', '/timers/batch', { timers: [] })).toStrictEqual(['timers']);
    const timers = Array.from({ length: 1_001 }, () => valid);
    expect(await issuePaths('POST', '/timers/batch', { timers })).toStrictEqual(['timers']);
  });

  test('for the first 100 of thousands of issues in a batch', async () => {
    const timers = Array.from({ length: 1_000 }, () => ({ a: 1, b: 2 }));
    expect(await issuePaths('POST', '/timers/batch', { timers })).toHaveLength(100);
  });

  test.each<[string, string, unknown, string[]]>([
    ['PUT', `/timers/${id}`, {}, ['body']],
    ['PUT', `/timers/${id}`, { execute_at: '2020-01-01T00:00:00Z' }, ['execute_at']],
    ['PUT', `/timers/${id}`, { execute_at: '2099-01-01T00:00:00Z', delay: '1s' }, ['delay']],
    ['PUT', `/timers/${id}`, { callback: { type: 'http' } }, ['callback.url']],
    ['PUT', `/timers/${id}`, { status: 'completed' }, ['body', 'status']],
    ['PUT', '/timers/1', { metadata: 1 }, ['path.id']],
    ['GET', '/timers/', undefined, ['path.id']],
    ['GET', '/timers/1', undefined, ['path.id']],
    ['GET', `/timers/${id}x`, undefined, ['path.id']],
    ['GET', '/timers/%00', undefined, ['path.id']],
    ['GET', `/timers/${'a'.repeat(500)}`, undefined, ['path.id']],
    ['GET', `/timers/${'a'.repeat(5_000)}`, undefined, ['path']],
    ['GET', '/timers/%zz', undefined, ['path']],
    ['GET', '/timers/1/attempts', undefined, ['path.id']],
    ['DELETE', "/timers/'%20OR%201=1", undefined, ['path.id']],
    ['POST', '/timers/1/retry', undefined, ['path.id']],
    ['POST', '/timers/1/run', undefined, ['path.id']],
    ['GET', '/timers?limit=0', undefined, ['query.limit']],
    ['GET', '/timers?limit=201&offset=-1', undefined, ['query.limit', 'query.offset']],
    ['GET', '/timers?limit=ten', undefined, ['query.limit']],
    ['GET', '/timers?limit=1&limit=2', undefined, ['query.limit']],
    ['GET', '/timers?status=done&callback_type=smtp', undefined, ['query.callback_type', 'query.status']],
    ['GET', '/timers?sort=id&order=up', undefined, ['query.order', 'query.sort']],
    ['GET', '/timers?page=2', undefined, ['query.page']],
    ['GET', '/timers?cursor=', undefined, ['query.cursor']],
    ['GET', '/timers?cursor=abc', undefined, ['query.cursor']],
    ['GET', '/timers?cursor=%00', undefined, ['query.cursor']],
    ['GET', `/timers?cursor=${'a'.repeat(1_000)}`, undefined, ['query.cursor']],
    ['GET', '/timers?__proto__[x]=1', undefined, ['query.__proto__[x]']],
  ])('for %s %s %j', async (method, path, body, paths) => {
    expect(await issuePaths(method, path, body)).toStrictEqual(paths);
  });

  test.each(['', 'a b', 'ü', 'a'.repeat(256)])('for Idempotency-Key %j', async (key) => {
    expect(await issuePaths('POST', '/timers', valid, { 'idempotency-key': key })).toStrictEqual([
      'headers.idempotency-key',
    ]);
  });
});

describe('a body that is not valid JSON', () => {
  const bodyOf = (payload: string) => errorResponseSchema.strict().parse(JSON.parse(payload));

  test.each([
    ['truncated JSON', '{"callback":'],
    ['two values', '{} {}'],
    ['a comment', '{} // yes'],
    ['single quotes', "{'a': 1}"],
    ['a form', 'callback=1'],
    ['__proto__', '{"__proto__": {"admin": true}, "delay": "1s"}'],
    ['__proto__ with an escape', String.raw`{"\u005f_proto__": {"admin": true}, "delay": "1s"}`],
    ['constructor.prototype', '{"constructor": {"prototype": {"admin": true}}, "delay": "1s"}'],
    ['Latin-1', Buffer.from([0x22, 0xe4, 0x22])],
    ['UTF-16', Buffer.from('{}', 'utf16le')],
    ['zero bytes', Buffer.alloc(100)],
  ])('%s returns 400 with code 2', async (_, payload) => {
    const response = await postText(payload);
    expect(response.statusCode).toBe(400);
    expect(bodyOf(response.payload)).toMatchObject({ code: 2, errors: [{ path: 'body' }] });
    expect(Object.keys(Object.prototype)).toStrictEqual([]);
  });

  test.each([
    undefined,
    'text/plain',
    'application/xml',
    'application/x-www-form-urlencoded',
    'json',
    ';;',
    'multipart/form-data; boundary=x',
  ])('content type %s returns 415 with code 6', async (contentType) => {
    const headers = contentType === undefined ? {} : { 'content-type': contentType };
    const response = await postText(JSON.stringify(valid), { headers });
    expect(response.statusCode).toBe(415);
    expect(bodyOf(response.payload)).toMatchObject({ code: 6 });
  });

  test('2 MB return 413 with code 5; a batch may have up to 16 MiB', async () => {
    const large = JSON.stringify({ ...valid, metadata: 'a'.repeat(2_000_000) });
    const response = await postText(large);
    expect(response.statusCode).toBe(413);
    expect(bodyOf(response.payload)).toMatchObject({
      code: 5,
      message: 'the body exceeds the limit of 1572864 bytes',
    });
    const batch = { path: '/timers/batch' };
    expect((await postText(large, batch)).statusCode).toBe(400);
    expect((await postText('a'.repeat(17_000_000), batch)).statusCode).toBe(413);
  });
});

describe('paths and methods', () => {
  test.each(['/', '/timer', '/timers/a/b', '/timers/a/retry/b', '/metrics', '/admin', '//timers'])(
    '%s returns 404 with code 3',
    async (path) => {
      expect(await api.request('GET', path)).toMatchObject({ status: 404, body: { code: 3, data: null } });
    },
  );

  test.each([
    ['PATCH', '/timers', 'GET, HEAD, POST'],
    ['PUT', '/timers', 'GET, HEAD, POST'],
    ['GET', '/timers/0198c0de-0000-7000-8000-000000000001/retry', 'POST'],
    ['POST', '/timers/0198c0de-0000-7000-8000-000000000001', 'DELETE, GET, HEAD, PUT'],
    ['OPTIONS', '/timers/batch?a=b', 'DELETE, GET, HEAD, POST, PUT'],
    ['POST', '/healthz', 'GET, HEAD'],
  ])('%s %s returns 405 with code 10 and the allowed methods', async (method, path, allowed) => {
    const response = await api.request(method, path);
    expect(response).toMatchObject({ status: 405, body: { code: 10, data: null } });
    expect(response.headers['allow']).toBe(allowed);
  });
});
