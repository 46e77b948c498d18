import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { errorResponseSchema, parseDuration } from '@timer-platform/callback-types';
import { z } from 'zod';
import { startTestApi } from './testing/test-api.ts';

const api = await startTestApi();
afterAll(() => api.close());

const run = <Row extends Record<string, unknown>>(text: string, values: unknown[] = []): Promise<Row[]> =>
  api.db.rows<Row>({ name: '', text }, values);

beforeAll(() =>
  run('INSERT INTO installation_settings (encrypts_headers, delivers_nats) VALUES (false, true)'),
);

/** Code 0, or the code, the reason and the sorted paths of the issues. */
interface Verdict {
  readonly code: number;
  readonly reason: string | undefined;
  readonly paths: readonly string[];
}

const ACCEPTANCE: Verdict = { code: 0, reason: undefined, paths: [] };

const detailSchema = z.object({
  code: z.number(),
  reason: z.string().optional(),
  errors: z.array(z.object({ path: z.string(), message: z.string().min(1) })).optional(),
});

async function verdictOfApi(body: object): Promise<Verdict> {
  const response = await api.request('POST', '/timers', body);
  if (response.status === 201) return ACCEPTANCE;
  const { code, reason, errors = [] } = errorResponseSchema.parse(response.body);
  return { code, reason, paths: errors.map(({ path }) => path).sort() };
}

interface Request {
  readonly callback?: unknown;
  readonly execute_at?: string;
  readonly delay?: string;
  readonly key?: string;
  readonly metadata?: unknown;
  readonly retry?: unknown;
  readonly expires_at?: string;
}

const json = (value: unknown) => (value === undefined ? null : JSON.stringify(value));

async function schedule(request: Request, idempotencyKey?: string): Promise<string> {
  const [row] = await run<{ id: string }>(
    `SELECT schedule_timer($1::jsonb, $2::timestamptz, $3::double precision * interval '1 ms', $4, $5::jsonb, $6::jsonb,
       $7::timestamptz, $8) AS id`,
    [
      json(request.callback),
      request.execute_at ?? null,
      request.delay === undefined ? null : (parseDuration(request.delay) ?? null),
      request.key ?? null,
      json(request.metadata),
      json(request.retry),
      request.expires_at ?? null,
      idempotencyKey ?? null,
    ],
  );
  return row?.id ?? '';
}

async function verdictOfSql(request: Request): Promise<Verdict> {
  try {
    await schedule(request);
    return ACCEPTANCE;
  } catch (error) {
    const { detail } = z.object({ detail: z.string() }).parse(error);
    const { code, reason, errors = [] } = detailSchema.parse(JSON.parse(detail));
    return { code, reason, paths: errors.map(({ path }) => path).sort() };
  }
}

const MIB = 1_048_576;
const http = { type: 'http', url: 'https://example.com/hook' };
const nats = { type: 'nats', topic: 'orders.due' };
const delay = '1h';
const withHttp = (more: object) => ({ delay, callback: { ...http, ...more } });
const withNats = (more: object) => ({ delay, callback: { ...nats, ...more } });
const withUrl = (url: unknown) => withHttp({ url });
const withRetry = (retry: unknown) => ({ delay, callback: http, retry });
const headers = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`x-${n}`, '']));
const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));

const ACCEPTED: [string, Request][] = [
  [
    'an HTTP callback',
    withHttp({ headers: { Authorization: 'x', 'X-Empty': '' }, payload: { a: [1.5, null] } }),
  ],
  ['a NATS callback', withNats({ key: '42', headers: { Trace: 'a' }, payload: 1, jetstream: true })],
  ['nothing but what is required', { delay, callback: nats }],
  ['null for what may be null', withNats({ key: null, headers: null, payload: null })],
  ['no delay', { delay: '0s', callback: http }],
  ['a far instant', { execute_at: '9999-12-31T23:59:59Z', callback: http }],
  ['an IPv6 address', withUrl('http://[2606:4700::1111]:8080/')],
  ['an IPv4 address', withUrl('http://1.1.1.1/')],
  ['a short IPv4 address', withUrl('http://1.257/')],
  ['a host with a port and a query', withUrl('HTTPS://a.example:65535?q=1#f')],
  ['a host with an underscore', withUrl('http://a_b.example/ü')],
  ...['bcher-kva', 'fiqs8s', 'mgbb9fbpob', 'zca', 'MNCHEN-3YA', 'h2brj9c', '1ch'].map(
    (label): [string, Request] => [`the Punycode ${label}`, withUrl(`http://a.xn--${label}.example/`)],
  ),
  ['64 headers', withHttp({ headers: headers(64) })],
  ['a payload of exactly 1 MiB', withHttp({ payload: 'a'.repeat(MIB - 2) })],
  ['a payload whose spaces are not counted', withHttp({ payload: Array.from({ length: 500_000 }, () => 1) })],
  ['64 levels', withHttp({ payload: nested(64) })],
  ['doubles', withHttp({ payload: [0.1, 1e21, 5e-324, 1.7976931348623157e308, -0.1234567890123456] })],
  ['metadata of exactly 64 KiB', { delay, callback: http, metadata: 'a'.repeat(65_534) }],
  ['a retry policy', withRetry({ max_attempts: 100, delays: ['1s', '1d12h'], give_up_after: '30d' })],
  ['exponential delays', withRetry({ exponential: { initial: '1s', max: '1h' } })],
  ['no retry policy', withRetry(null)],
];

const REFUSED: [string, Request, string[]][] = [
  ['no callback', { delay }, ['callback']],
  ['a callback that is a list', { delay, callback: [] }, ['callback']],
  ['a callback that is null', { delay, callback: null }, ['callback']],
  ['an unknown type', { delay, callback: { type: 'smtp' } }, ['callback.type']],
  ['no type', { delay, callback: { url: 'https://a/' } }, ['callback.type']],
  ['neither instant nor delay', { callback: http }, ['execute_at']],
  ['both instant and delay', { execute_at: '2099-01-01T00:00:00Z', delay, callback: http }, ['delay']],
  ['an instant in the past', { execute_at: '2020-01-01T00:00:00Z', callback: http }, ['execute_at']],
  ['an instant before 1970', { execute_at: '1960-01-01T00:00:00Z', callback: http }, ['execute_at']],
  ['a delay above 100 years', { delay: '36526d', callback: http }, ['delay']],
  [
    'an expiry before the instant',
    { execute_at: '2099-01-01T00:00:00Z', expires_at: '2098-01-01T00:00:00Z', callback: http },
    ['expires_at'],
  ],
  [
    'an expiry before the end of the delay',
    { delay: '36524d', expires_at: '2099-01-01T00:00:00Z', callback: http },
    ['expires_at'],
  ],
  ['an empty key', { delay, callback: http, key: '' }, ['key']],
  ['the key ..', { delay, callback: http, key: '..' }, ['key']],
  ['a key with a space', { delay, callback: http, key: 'a b' }, ['key']],
  ['a long key', { delay, callback: http, key: 'a'.repeat(256) }, ['key']],
  ['unknown fields', withHttp({ color: 1, size: 2 }), ['callback.color', 'callback.size']],
  ['no URL', { delay, callback: { type: 'http' } }, ['callback.url']],
  ...[
    1,
    null,
    '',
    'example.com',
    'ftp://example.com',
    'http:example.com',
    'http:///example.com',
    'http://',
    'http://:80/',
    'http://?a',
    'https://u:p@example.com',
    'https://u@example.com',
    'https://example.com/\n',
    'https://example.com/ a',
    'https://example.com\\a',
    'https://example.com/\u00a0',
    'http://a.example:65536/',
    'http://a.example:80a/',
    'http://1.2.3.4.5/',
    'http://256.1.1.1/',
    'http://1.2.3.08/',
    'http://a.1/',
    'http://0x100000000/',
    'http://[::1/',
    'http://[1::2::3]/',
    'http://a<b/',
    // Punycode that is empty, ends in the middle, is beyond Unicode, ASCII, not in normal form, or of no letter.
    'http://xn--/',
    'http://a.xn--a.example/',
    'http://xn--99999999/',
    'http://xn---/',
    'http://xn--u-ccb/',
    'http://xn--a-ecp.example/',
    'http://XN--0.example/',
    'http://a|b/',
    `https://example.com/${'a'.repeat(8_192)}`,
  ].map((url): [string, Request, string[]] => [
    `the URL ${JSON.stringify(url).slice(0, 60)}`,
    withUrl(url),
    ['callback.url'],
  ]),
  ['headers as a list', withHttp({ headers: ['a'] }), ['callback.headers']],
  ['65 headers', withHttp({ headers: headers(65) }), ['callback.headers']],
  ['a header with a line break', withHttp({ headers: { a: 'x\r\nb: y' } }), ['callback.headers.a']],
  ['a header beyond ASCII', withHttp({ headers: { a: 'ü' } }), ['callback.headers.a']],
  ['a header name with a space', withHttp({ headers: { 'a b': 'x' } }), ['callback.headers.a b']],
  ['an empty header name', withHttp({ headers: { '': 'x' } }), ['callback.headers.']],
  ['a header that is a number', withHttp({ headers: { a: 1 } }), ['callback.headers.a']],
  ['a long header', withHttp({ headers: { a: 'x'.repeat(8_193) } }), ['callback.headers.a']],
  ['a header of the connection', withHttp({ headers: { Host: 'x' } }), ['callback.headers.Host']],
  ['a header of the service', withHttp({ headers: { 'Webhook-Id': 'x' } }), ['callback.headers.Webhook-Id']],
  ['a header of NATS', withNats({ headers: { 'Nats-Msg-Id': 'x' } }), ['callback.headers.Nats-Msg-Id']],
  ['a payload above 1 MiB', withHttp({ payload: 'a'.repeat(MIB - 1) }), ['callback.payload']],
  [
    'a payload that grows',
    withHttp({ payload: Array.from({ length: 10_000 }, () => 1e308) }),
    ['callback.payload'],
  ],
  ['65 levels', withHttp({ payload: nested(65) }), [`callback.payload${'.0'.repeat(64)}`]],
  [
    'an integer beyond 2^53 deep inside',
    withHttp({ payload: { a: [{ n: 2 ** 53 + 2 }] } }),
    ['callback.payload.a.0.n'],
  ],
  ['metadata above 64 KiB', { delay, callback: http, metadata: 'a'.repeat(65_535) }, ['metadata']],
  ['a timeout of 99 ms', withHttp({ timeout_ms: 99 }), ['callback.timeout_ms']],
  ['a timeout of half a millisecond', withHttp({ timeout_ms: 100.5 }), ['callback.timeout_ms']],
  ['a timeout that is null', withHttp({ timeout_ms: null }), ['callback.timeout_ms']],
  ['no topic', { delay, callback: { type: 'nats' } }, ['callback.topic']],
  ...['', 'a b', 'a.*', '>', '.a', 'a..b', '$SYS', 'a\u0001', 'a'.repeat(1_025), 1].map(
    (topic): [string, Request, string[]] => [
      `the topic ${JSON.stringify(topic).slice(0, 40)}`,
      withNats({ topic }),
      ['callback.topic'],
    ],
  ),
  ['a key with a wildcard', withNats({ key: '*' }), ['callback.key']],
  [
    'a subject above 1,024 characters',
    withNats({ topic: 'a'.repeat(600), key: 'b'.repeat(600) }),
    ['callback.key'],
  ],
  ['jetstream as text', withNats({ jetstream: 'yes' }), ['callback.jetstream']],
  ['a retry policy that is text', withRetry('often'), ['retry']],
  ['an unknown field of the policy', withRetry({ times: 3 }), ['retry.times']],
  ['no attempts', withRetry({ max_attempts: 0 }), ['retry.max_attempts']],
  ['101 attempts', withRetry({ max_attempts: 101 }), ['retry.max_attempts']],
  ['an empty list of delays', withRetry({ delays: [] }), ['retry.delays']],
  ['101 delays', withRetry({ delays: Array.from({ length: 101 }, () => '1s') }), ['retry.delays']],
  [
    'a delay that is no duration',
    withRetry({ delays: ['1s', 'soon', 5] }),
    ['retry.delays.1', 'retry.delays.2'],
  ],
  ['a delay of zero between attempts', withRetry({ delays: ['0s'] }), ['retry.delays.0']],
  [
    'delays of both kinds',
    withRetry({ delays: ['1s'], exponential: { initial: '1s', max: '1h' } }),
    ['retry.exponential'],
  ],
  [
    'a maximum below the first delay',
    withRetry({ exponential: { initial: '1h', max: '1s' } }),
    ['retry.exponential.max'],
  ],
  [
    'a factor of 101 and no first delay',
    withRetry({ exponential: { factor: 101, max: '1s' } }),
    ['retry.exponential.factor', 'retry.exponential.initial'],
  ],
  ['a bad give_up_after', withRetry({ give_up_after: '1w' }), ['retry.give_up_after']],
  [
    'several issues at once',
    { callback: { ...http, url: 'x', headers: { 'a b': 'x' }, size: 1 }, metadata: 'a'.repeat(65_535) },
    ['callback.headers.a b', 'callback.size', 'callback.url', 'execute_at', 'metadata'],
  ],
];

describe('the API and schedule_timer have the same verdict', () => {
  test.each(ACCEPTED)('they accept %s', async (_, request) => {
    expect(await verdictOfApi(request)).toStrictEqual(ACCEPTANCE);
    expect(await verdictOfSql(request)).toStrictEqual(ACCEPTANCE);
  });

  test.each(REFUSED)('they refuse %s', async (_, request, paths) => {
    const before = await api.countTimers();
    const verdict = await verdictOfApi(request);
    expect(verdict).toMatchObject({ code: 2, paths });
    expect(await verdictOfSql(request)).toStrictEqual(verdict);
    expect(await api.countTimers()).toBe(before);
  });

  // Documented: the tables of Unicode that the URL standard needs are not in SQL.
  test.each([
    ['a host beyond ASCII', 'http://bücher.example/', 'write an international name as xn--'],
    ['a host with percent-encoding', 'http://ex%61mple.com/', 'in ASCII without percent-encoding'],
    ['an empty user name', 'http://@example.com/', 'must not contain a user name'],
  ])('only the API accepts %s, and SQL says the way out', async (_, url, wayOut) => {
    expect(await verdictOfApi(withUrl(url))).toStrictEqual(ACCEPTANCE);
    await expect(schedule(withUrl(url))).rejects.toMatchObject({
      detail: expect.stringContaining('"code": 2'),
      message: expect.stringContaining(wayOut),
    });
  });

  test('the locale of the database does not change what is a reserved header', async () => {
    // A function takes its collation from its arguments. The control: in Turkish, the small letter of I is another one.
    const [row] = await run(
      `SELECT lower('TRAILER' COLLATE "tr-x-icu") AS control,
         timer_header_issue('TRAILER' COLLATE "tr-x-icu", '"x"', '^trailer$') AS issue`,
    );
    expect(row).toEqual({ control: 'traıler', issue: 'is reserved' });
  });

  test('they store the same', async () => {
    const retry = { exponential: { initial: '1s', max: '1h' } };
    const request = { execute_at: '2099-01-31T09:00:00.123Z', callback: http, retry, metadata: null };
    const [ofApi, ofSql] = [await api.createTimer(request), await schedule(request)];
    const { id, created_at, updated_at, ...stored } = await api.getTimer(ofSql);
    expect(await api.getTimer(ofApi)).toMatchObject(stored);
    expect(stored.retry).toStrictEqual({ exponential: { initial: '1s', factor: 2, max: '1h' } });
    expect([id, created_at === updated_at]).toStrictEqual([ofSql, true]);
  });
});

describe('schedule_timer', () => {
  test('with an idempotency key returns the same timer, and refuses another request', async () => {
    const id = await schedule({ delay, callback: http }, 'once');
    expect(await schedule({ delay, callback: http }, 'once')).toBe(id);
    await expect(schedule({ delay: '2h', callback: http }, 'once')).rejects.toMatchObject({
      detail: expect.stringContaining('"code": 7'),
    });
  });

  test('with a key replaces the pending timer, which cancel_timer_by_key cancels', async () => {
    const id = await schedule({ delay, callback: http, key: 'order-42' });
    expect(await schedule({ delay: '2h', callback: nats, key: 'order-42' })).toBe(id);
    expect(await api.getTimer(id)).toMatchObject({ callback: nats, key: 'order-42' });
    const cancel = () => run<{ canceled: boolean }>(`SELECT cancel_timer_by_key('order-42') AS canceled`);
    expect([await cancel(), await cancel()]).toStrictEqual([[{ canceled: true }], [{ canceled: false }]]);
  });

  test('cancel_timer cancels a pending timer once, and no timer of another client', async () => {
    const cancel = (id: string) => run<{ canceled: boolean }>('SELECT cancel_timer($1) AS canceled', [id]);
    const id = await schedule({ delay, callback: http });
    expect([await cancel(id), await cancel(id)]).toStrictEqual([[{ canceled: true }], [{ canceled: false }]]);
    const other = await api.createTimer({ delay, callback: http });
    await expect(cancel(other)).rejects.toMatchObject({ code: '42501', detail: '{"code": 9}' });
    expect(await cancel('00000000-0000-4000-8000-000000000000')).toStrictEqual([{ canceled: false }]);
  });

  test('does not replace or cancel an executing timer', async () => {
    const id = await schedule({ delay: '1s', callback: http, key: 'executing' });
    await run(
      `INSERT INTO claim_batches (due_from, due_to, timer_ids, tokens)
       SELECT execute_at, execute_at, ARRAY[id], ARRAY[claims] FROM timers WHERE id = $1`,
      [id],
    );
    expect(await run('SELECT cancel_timer($1) AS canceled', [id])).toStrictEqual([{ canceled: false }]);
    await expect(schedule({ delay, callback: http, key: 'executing' })).rejects.toMatchObject({
      detail: '{"code": 2, "reason": "not_pending", "status": "executing"}',
    });
  });

  test('is for roles with only EXECUTE, which cannot be misled by temporary tables', async () => {
    await run('CREATE ROLE scheduler_of_test');
    try {
      await run(`DO $$ BEGIN
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO scheduler_of_test',
          (SELECT oid::regprocedure FROM pg_proc WHERE proname = 'schedule_timer'));
        CREATE TEMPORARY TABLE timers (id uuid);
        CREATE TEMPORARY TABLE claim_batches (id bigint);
        SET LOCAL ROLE scheduler_of_test;
        PERFORM schedule_timer('{"type": "http", "url": "https://example.com/"}', delay => '1 hour', key => 'role');
        PERFORM schedule_timer('{"type": "http", "url": "https://example.com/"}', delay => '2 hours', key => 'role');
        BEGIN
          PERFORM cancel_timer_by_key('role');
          RAISE 'cancel_timer_by_key is public';
        EXCEPTION WHEN insufficient_privilege THEN NULL;
        END;
        RESET ROLE;
        DROP TABLE pg_temp.timers, pg_temp.claim_batches;
      END $$`);
      expect(await run(`SELECT client FROM timers WHERE key = 'role'`)).toStrictEqual([
        { client: 'sql:scheduler_of_test' },
      ]);
    } finally {
      await run('DROP OWNED BY scheduler_of_test');
      await run('DROP ROLE scheduler_of_test');
    }
  });

  test('refuses headers where they are encrypted or that is not known, and NATS where it is not configured', async () => {
    const withHeaders = withHttp({ headers: { a: 'b' } });
    await run('UPDATE installation_settings SET encrypts_headers = true, delivers_nats = false');
    expect(await verdictOfSql(withHeaders)).toMatchObject({ code: 2, paths: ['callback.headers'] });
    expect(await verdictOfSql(withHttp({ headers: {} }))).toMatchObject({ code: 0 });
    const typed = withHttp({ headers: { 'timer-callback': 'payment-due' } });
    expect(await verdictOfSql(typed)).toMatchObject({ code: 0 });
    expect(await verdictOfSql(withNats({}))).toMatchObject({ code: 2, paths: ['callback.type'] });
    await run('DELETE FROM installation_settings');
    expect(await verdictOfSql(withHeaders)).toMatchObject({ code: 2, paths: ['callback.headers'] });
    expect(await verdictOfSql(withHttp({}))).toMatchObject({ code: 0 });
  });
});
