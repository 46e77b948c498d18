import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { errorResponseSchema } from '@timer-platform/callback-types';
import { API_KEY, startTestApi, type TestApi } from './testing/test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({
    refuseDestination: (callback) =>
      callback.type === 'nats' ? 'NATS is not configured: set NATS_URL' : undefined,
  });
});
afterAll(() => api.close());

// Nothing that was refused may have been stored, and nothing may have been logged as our fault.
afterEach(async () => {
  const rows = await api.db.rows({ name: 'count', text: 'SELECT count(*)::integer AS count FROM timers' });
  expect(rows).toStrictEqual([{ count: 0 }]);
  expect(api.logged.filter((line) => line.includes('request failed'))).toStrictEqual([]);
});

const callback = { type: 'http', url: 'https://example.com/hook' };
const valid = { execute_at: '2099-01-31T09:00:00Z', callback };
const withCallback = (more: object) => ({ ...valid, callback: { ...callback, ...more } });

/** The paths of the faults that a request is refused for, with code 2. */
async function issuePaths(method: string, path: string, body?: unknown, headers?: Record<string, string>) {
  const answer = await api.request(method, path, body, headers);
  expect(answer.status).toBe(400);
  const { code, message, errors = [] } = errorResponseSchema.strict().parse(answer.body);
  expect(code).toBe(2);
  expect(errors.every((issue) => issue.message !== '')).toBe(true);
  expect(message).toContain(errors[0]?.path);
  return errors.map((issue) => issue.path).sort();
}

const MB = 1_048_576;

describe('POST /timers names the path of each fault', () => {
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
    ['a day that is not there', { ...valid, execute_at: '2099-02-30T09:00:00Z' }, ['execute_at']],
    ['year 10000', { ...valid, execute_at: '9999-12-31T23:59:59-23:00' }, ['execute_at']],
    ['infinity', { ...valid, execute_at: 'infinity' }, ['execute_at']],
    ['a number for an instant', { ...valid, execute_at: 4_102_444_800 }, ['execute_at']],
    ['a delay of nothing', { callback, delay: '0s' }, ['delay']],
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
    ['an endless URL', withCallback({ url: `https://example.com/${'a'.repeat(9_000)}` }), ['callback.url']],
    ['a header with a line break', withCallback({ headers: { a: 'x\r\nb: y' } }), ['callback.headers.a']],
    [
      'a header with a space in its name',
      withCallback({ headers: { 'a b': 'x' } }),
      ['callback.headers.a b'],
    ],
    ['a header that is a number', withCallback({ headers: { a: 1 } }), ['callback.headers.a']],
    ['headers of the connection', withCallback({ headers: { Host: 'x' } }), ['callback.headers.Host']],
    ['headers as a list', withCallback({ headers: ['a'] }), ['callback.headers']],
    ['U+0000 in the payload', withCallback({ payload: { a: ['\u0000'] } }), ['callback.payload.a.0']],
    ['half a surrogate pair in the payload', withCallback({ payload: '\udc00' }), ['callback.payload']],
    ['a payload above 1 MiB', withCallback({ payload: 'a'.repeat(MB) }), ['callback.payload']],
    ['metadata above 64 KiB', { ...valid, metadata: 'a'.repeat(65_536) }, ['metadata']],
    ['U+0000 in metadata', { ...valid, metadata: { '\u0000': 1 } }, ['metadata.\u0000']],
    ['an expiry before the instant', { ...valid, expires_at: '2098-01-01T00:00:00Z' }, ['expires_at']],
    ['no attempts', { ...valid, retry: { max_attempts: 0 } }, ['retry.max_attempts']],
    ['NATS that is not configured', { ...valid, callback: { type: 'nats', topic: 'a' } }, ['callback.type']],
    [
      'several faults at once',
      {
        ...valid,
        execute_at: 'x',
        color: 1,
        callback: { ...callback, url: 'x', headers: { 'a b': 'x' }, size: 1 },
      },
      ['callback.headers.a b', 'callback.size', 'callback.url', 'color', 'execute_at'],
    ],
  ])('%s', async (_, body, paths) => {
    expect(await issuePaths('POST', '/timers', body)).toStrictEqual(paths);
  });

  test('an integer that would lose digits', async () => {
    const text = JSON.stringify(withCallback({ payload: { n: 0 } })).replace('"n":0', '"n":9007199254740993');
    const { statusCode, payload } = await api.app.inject({
      method: 'POST',
      url: '/timers',
      headers: { 'x-api-key': API_KEY, 'content-type': 'application/json' },
      payload: text,
    });
    expect(statusCode).toBe(400);
    expect(payload).toContain('callback.payload.n');
  });

  test('a payload nested 100,000 levels deep', async () => {
    const depth = 100_000;
    const text = JSON.stringify(withCallback({ payload: 'here' }));
    const { statusCode } = await api.app.inject({
      method: 'POST',
      url: '/timers',
      headers: { 'x-api-key': API_KEY, 'content-type': 'application/json' },
      payload: text.replace('"here"', '['.repeat(depth) + ']'.repeat(depth)),
    });
    expect(statusCode).toBe(400);
  });
});

describe('the other calls', () => {
  const id = '0198c0de-0000-7000-8000-000000000001';

  test('a batch names the item of each fault', async () => {
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

  test('a batch of none, and of more than a thousand', async () => {
    expect(await issuePaths('POST', '/timers/batch', { timers: [] })).toStrictEqual(['timers']);
    const timers = Array.from({ length: 1_001 }, () => valid);
    expect(await issuePaths('POST', '/timers/batch', { timers })).toStrictEqual(['timers']);
  });

  test('a batch with thousands of faults is told a hundred of them', async () => {
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
  ])('%s %s %j', async (method, path, body, paths) => {
    expect(await issuePaths(method, path, body)).toStrictEqual(paths);
  });

  test.each(['', 'a b', 'ü', 'a'.repeat(256)])('Idempotency-Key %j', async (key) => {
    expect(await issuePaths('POST', '/timers', valid, { 'idempotency-key': key })).toStrictEqual([
      'headers.idempotency-key',
    ]);
  });
});

describe('what is no valid JSON request', () => {
  const post = (payload: string | Buffer, contentType: string | undefined, path = '/timers') =>
    api.app.inject({
      method: 'POST',
      url: path,
      headers: {
        'x-api-key': API_KEY,
        ...(contentType === undefined ? {} : { 'content-type': contentType }),
      },
      payload,
    });
  const bodyOf = (payload: string) => errorResponseSchema.strict().parse(JSON.parse(payload));

  test.each([
    ['half of a text', '{"callback":'],
    ['two values', '{} {}'],
    ['a comment', '{} // yes'],
    ['single quotes', "{'a': 1}"],
    ['no JSON at all', 'callback=1'],
    ['__proto__', '{"__proto__": {"admin": true}, "delay": "1s"}'],
    ['__proto__, spelled another way', String.raw`{"\u005f_proto__": {"admin": true}, "delay": "1s"}`],
    ['constructor.prototype', '{"constructor": {"prototype": {"admin": true}}, "delay": "1s"}'],
    ['Latin-1', Buffer.from([0x22, 0xe4, 0x22])],
    ['UTF-16', Buffer.from('{}', 'utf16le')],
    ['zeros', Buffer.alloc(100)],
  ])('%s answers 400 with code 2', async (_, payload) => {
    const answer = await post(payload, 'application/json');
    expect(answer.statusCode).toBe(400);
    expect(bodyOf(answer.payload)).toMatchObject({ code: 2, errors: [{ path: 'body' }] });
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
  ])('content type %s answers 415 with code 6', async (contentType) => {
    const answer = await post(JSON.stringify(valid), contentType);
    expect(answer.statusCode).toBe(415);
    expect(bodyOf(answer.payload)).toMatchObject({ code: 6 });
  });

  test('2 MB answer 413 with code 5, in a batch only 17 MB do', async () => {
    const large = JSON.stringify({ ...valid, metadata: 'a'.repeat(2_000_000) });
    const answer = await post(large, 'application/json');
    expect(answer.statusCode).toBe(413);
    expect(bodyOf(answer.payload)).toMatchObject({ code: 5 });
    expect((await post(large, 'application/json', '/timers/batch')).statusCode).toBe(400);
    const larger = 'a'.repeat(17_000_000);
    expect((await post(larger, 'application/json', '/timers/batch')).statusCode).toBe(413);
  });
});

describe('paths and methods', () => {
  test.each(['/', '/timer', '/timers/a/b', '/timers/a/retry/b', '/metrics', '/admin', '//timers'])(
    '%s answers 404 with code 3',
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
  ])('%s %s answers 405 with code 10 and what is allowed', async (method, path, allowed) => {
    const answer = await api.request(method, path);
    expect(answer).toMatchObject({ status: 405, body: { code: 10, data: null } });
    expect(answer.headers['allow']).toBe(allowed);
  });
});
