import fc from 'fast-check';

/** A request that an attacker might send. */
export interface HostileRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** Strings that commonly break parsers, databases and logs. */
const hostileText = fc.constantFrom(
  '',
  ' ',
  '\u0000',
  '\ud800',
  '\udfff\ud800',
  '\u202e',
  '\ufeff',
  "'; DROP TABLE timers; --",
  '$1',
  '${7*7}',
  '%00',
  '%s%n',
  '../../etc/passwd',
  '\r\nX-Injected: 1',
  '__proto__',
  'constructor',
  'toString',
  'NaN',
  'infinity',
  '-0',
  '1e999',
  'a'.repeat(10_000),
);
const text = fc.oneof(hostileText, fc.string({ unit: 'binary' }), fc.string());

/** Any JSON, including strings and numbers that PostgreSQL rejects. */
const json = fc.oneof(
  fc.jsonValue({ depthSize: 'small' }),
  fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      text,
      fc.double(),
      fc.constantFrom(null, true, false, 0, -0, 2 ** 53, 1e308, 5e-324),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(text, tie('value'), { maxKeys: 4 }),
    ),
  })).value,
);

/** Mostly valid values, sometimes any JSON. */
function mostly<Value>(valid: fc.Arbitrary<Value>): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 12, arbitrary: valid }, { weight: 1, arbitrary: json });
}

function maybe(value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 2, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });
}

const instant = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 2030, max: 2200 }).map((year) => `${year}-05-06T07:08:09Z`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '9999-12-31T23:59:59.9999Z',
      '9999-12-31T23:59:59-23:59',
      '2100-01-01T00:00:00+23:00',
      '2100-01-01T00:00:00.000000000000001Z',
      '2100-02-29T00:00:00Z',
      '2100-01-01T24:00:00Z',
      '2100-06-30T23:59:60Z',
      '0000-01-01T00:00:00Z',
      '1969-12-31T23:59:59Z',
    ),
  },
);
const delay = fc.oneof(
  fc.integer({ min: 1, max: 1_000_000 }).map((seconds) => `${seconds}s`),
  fc.constantFrom('1ms', '36525d', '36525d1ms', '999999999999999d', '0s', '1d2h3m4s5ms'),
);
const headerName = fc.oneof(
  { weight: 5, arbitrary: fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,20}$/) },
  { weight: 1, arbitrary: text },
);
const headers = fc.dictionary(
  headerName,
  mostly(fc.string({ maxLength: 20 }).map((value) => value.replace(/[^ -~]/g, ''))),
  {
    maxKeys: 4,
  },
);

const httpCallback = fc.record({
  type: fc.constant('http'),
  url: mostly(
    fc.oneof(
      fc.webUrl({ withQueryParameters: true }),
      fc.constantFrom('http://127.0.0.1:80/', 'http://[::1]/', 'https://例え.jp/é'),
    ),
  ),
  headers: maybe(mostly(headers)),
  payload: maybe(json),
  timeout_ms: maybe(mostly(fc.integer({ min: 100, max: 300_000 }))),
});
const natsCallback = fc.record({
  type: fc.constant('nats'),
  topic: mostly(fc.stringMatching(/^[a-z]{1,8}(?:\.[a-z]{1,8}){0,3}$/)),
  key: maybe(mostly(fc.stringMatching(/^[a-z0-9]{1,8}$/))),
  headers: maybe(mostly(headers)),
  payload: maybe(json),
  jetstream: maybe(mostly(fc.boolean())),
});
const retry = fc.record({
  max_attempts: maybe(mostly(fc.integer({ min: 1, max: 100 }))),
  delays: maybe(mostly(fc.array(delay, { minLength: 1, maxLength: 4 }))),
  give_up_after: maybe(mostly(delay)),
});

/** A body for `POST /timers`: valid or nearly valid. */
export const arbitraryBody: fc.Arbitrary<unknown> = mostly(
  fc
    .record({
      time: fc.oneof(
        fc.record({ execute_at: mostly(instant) }),
        fc.record({ delay: mostly(delay) }),
        fc.constant({ execute_at: '2100-01-01T00:00:00Z' }),
      ),
      callback: mostly(fc.oneof(httpCallback, natsCallback)),
      metadata: maybe(json),
      retry: maybe(mostly(retry)),
      expires_at: maybe(mostly(instant)),
      more: fc.oneof(
        { weight: 10, arbitrary: fc.constant({}) },
        { weight: 1, arbitrary: fc.dictionary(text, json, { maxKeys: 2 }) },
      ),
    })
    .map(({ time, more, ...rest }) => ({ ...rest, ...more, ...time })),
);

const id = fc.oneof(fc.uuid(), fc.constant('0198c0de-0000-7000-8000-000000000001'), text.map(encodeLoosely));
const path = fc.oneof(
  fc.constantFrom('/timers', '/timers/batch', '/healthz', '/openapi.json'),
  id.map((value) => `/timers/${value}`),
  fc
    .tuple(id, fc.constantFrom('retry', 'run', 'attempts', '..'))
    .map(([value, verb]) => `/timers/${value}/${verb}`),
  text.map((value) => `/${encodeLoosely(value)}`),
);
const queryName = fc.oneof(
  fc.constantFrom(
    'status',
    'callback_type',
    'limit',
    'offset',
    'cursor',
    'sort',
    'order',
    '__proto__',
    'limit[]',
  ),
  text.map(encodeLoosely),
);
const query = fc
  .array(
    fc.tuple(
      queryName,
      fc.oneof(text.map(encodeLoosely), fc.constantFrom('pending', '1', '-1', '1e9', 'asc')),
    ),
    {
      maxLength: 4,
    },
  )
  .map((pairs) => pairs.map(([name, value]) => `${name}=${value}`).join('&'));

/** Percent-encodes only the characters that a request line cannot contain. */
function encodeLoosely(value: string): string {
  return value.toWellFormed().replace(/[^!-~]|[#?\\]/gu, (char) => encodeURIComponent(char));
}

const contentType = fc.oneof(
  { weight: 6, arbitrary: fc.constant('application/json') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'application/json; charset=latin1',
      'text/plain',
      'application/xml',
      '',
      ';',
      'a/b',
    ),
  },
);

/** Any request that an HTTP client can send. */
export const arbitraryRequest: fc.Arbitrary<HostileRequest> = fc
  .record({
    method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'),
    path,
    query,
    contentType,
    key: maybe(fc.string({ maxLength: 300 }).map((value) => value.replace(/[^ -~]/g, ''))),
    body: fc.oneof(
      fc.constant(undefined),
      arbitraryBody.map((value) => JSON.stringify(value)),
      fc.array(arbitraryBody, { maxLength: 3 }).map((timers) => JSON.stringify({ timers })),
      json.map((value) => JSON.stringify(value)),
      text,
    ),
  })
  .map(({ method, path: target, query: search, contentType: type, key, body }) => ({
    method,
    url: search === '' ? target : `${target}?${search}`,
    headers: {
      ...(body === undefined ? {} : { 'content-type': type }),
      ...(typeof key === 'string' ? { 'idempotency-key': key } : {}),
    },
    body,
  }));
