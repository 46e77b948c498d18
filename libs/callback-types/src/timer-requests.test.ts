import { describe, expect, test } from '@jest/globals';
import { issuesOf } from '../testing/issues-of.ts';
import { CALLBACK_TYPES } from './callback.ts';
import { timerKeySchema } from './timer-key.ts';
import {
  createTimerRequestSchema,
  createTimersRequestSchema,
  idempotencyKeySchema,
  listTimersQuerySchema,
  putTimerRequestSchema,
  timerParamsSchema,
  updateTimerRequestSchema,
} from './timer-requests.ts';

const INVALID_INSTANT = 'must be an RFC 3339 date and time with an offset, such as 2030-01-31T09:00:00Z';
const UNKNOWN_TYPE = `Invalid discriminator value. Expected ${CALLBACK_TYPES.map((type) => `'${type}'`).join(' | ')}`;
const callback = { type: 'http', url: 'https://example.com/hook' };
const executeAt = '2030-01-31T09:00:00Z';

describe('an instant in a request', () => {
  test.each([
    ['2030-01-31T09:00:00Z'],
    ['2030-01-31T09:00:00.123456Z'],
    ['2030-01-31T09:00:00.123456789Z'],
    ['2030-01-31T09:00:00+02:00'],
    ['2030-01-31T09:00:00-11:30'],
    ['2032-02-29T23:59:59Z'],
    ['2125-01-01T00:00:00Z'],
    ['9999-12-31T23:59:59.999Z'],
    ['1970-01-01T00:00:00.001Z'], // past, but the clock of the database decides that
  ])('accepts %s', (text) => {
    expect(createTimerRequestSchema.parse({ execute_at: text, callback }).execute_at).toBe(text);
  });

  test.each<[unknown, string]>([
    ['2030-01-31T09:00:00', INVALID_INSTANT],
    ['2030-01-31T09:00Z', INVALID_INSTANT],
    ['2030-01-31 09:00:00Z', INVALID_INSTANT],
    ['2030-01-31', INVALID_INSTANT],
    ['2030-02-29T00:00:00Z', INVALID_INSTANT],
    ['2030-13-01T00:00:00Z', INVALID_INSTANT],
    ['2030-01-31T24:00:00Z', INVALID_INSTANT],
    ['2030-01-31T09:60:00Z', INVALID_INSTANT],
    ['2030-01-31T09:00:60Z', INVALID_INSTANT],
    ['2030-01-31T09:00:00+24:00', INVALID_INSTANT],
    ['12030-01-01T00:00:00Z', INVALID_INSTANT],
    ['2030-W05-4T09:00:00Z', INVALID_INSTANT],
    ['infinity', INVALID_INSTANT],
    ['tomorrow', INVALID_INSTANT],
    ['', INVALID_INSTANT],
    [1_896_080_400_000, INVALID_INSTANT],
    [null, INVALID_INSTANT],
    ['0000-01-01T00:00:00Z', 'must be in the future'],
    ['1969-12-31T23:59:59Z', 'must be in the future'],
    ['9999-12-31T23:59:59-00:01', 'must be before the year 10000'],
  ])('rejects %j', (value, message) => {
    expect(issuesOf(createTimerRequestSchema, { execute_at: value, callback })).toEqual([
      `execute_at: ${message}`,
    ]);
    expect(issuesOf(updateTimerRequestSchema, { execute_at: value })).toEqual([`execute_at: ${message}`]);
  });
});

describe('createTimerRequestSchema', () => {
  test.each<[object]>([
    [{ execute_at: executeAt, callback }],
    [{ delay: '250ms', callback }],
    [{ delay: '0s', callback }],
    [{ execute_at: executeAt, callback: { type: 'nats', topic: 'orders' }, metadata: null }],
    [
      {
        execute_at: executeAt,
        callback,
        metadata: { order: 42, tags: ['a'] },
        retry: { max_attempts: 1 },
        expires_at: '2030-01-31T09:00:00.001Z',
      },
    ],
    [{ execute_at: executeAt, callback, retry: null, expires_at: null }],
    [{ execute_at: '2030-01-31T09:00:00Z', expires_at: '2030-01-31T10:00:00.001+01:00', callback }],
  ])('returns %j unchanged', (request) => {
    expect(createTimerRequestSchema.parse(request)).toEqual(request);
  });

  test.each<[unknown, string[]]>([
    [{ callback }, ['execute_at: is required unless delay is set']],
    [{ execute_at: executeAt, delay: '1s', callback }, ['delay: cannot be combined with execute_at']],
    [{ execute_at: executeAt }, ['callback: Invalid input: expected object, received undefined']],
    [
      { delay: '36526d', callback },
      ['delay: must be between 0 ms and 3155760000000 ms, got 3155846400000 ms'],
    ],
    [{ delay: null, callback }, ['delay: Invalid input: expected string, received null']],
    [
      { execute_at: executeAt, expires_at: '2030-01-31T08:59:59Z', callback },
      ['expires_at: must be after execute_at'],
    ],
    [
      { execute_at: executeAt, expires_at: '2030-01-31T09:59:59+01:00', callback },
      ['expires_at: must be after execute_at'],
    ],
    [
      { execute_at: executeAt, expires_at: '2030-01-31T10:00:00+01:00', callback },
      ['expires_at: must be after execute_at'],
    ],
    [{ execute_at: executeAt, expires_at: 'never', callback }, [`expires_at: ${INVALID_INSTANT}`]],
    [
      { execute_at: executeAt, callback, callback_url: 'https://example.com' },
      [': Unrecognized key: "callback_url"'],
    ],
    [{ execute_at: executeAt, callback, id: 'a' }, [': Unrecognized key: "id"']],
    [
      { execute_at: executeAt, callback, metadata: { a: ['\u0000'] } },
      ['metadata.a.0: must not contain the character U+0000, which PostgreSQL cannot store'],
    ],
    [
      { execute_at: executeAt, callback, retry: { max_attempts: 0 } },
      ['retry.max_attempts: Too small: expected number to be >=1'],
    ],
    [
      { execute_at: executeAt, callback: { ...callback, url: 'x' } },
      ['callback.url: must be an absolute URL'],
    ],
    [null, [': Invalid input: expected object, received null']],
    [[], [': Invalid input: expected object, received array']],
    ['{}', [': Invalid input: expected object, received string']],
  ])('rejects %j', (request, issues) => {
    expect(issuesOf(createTimerRequestSchema, request)).toEqual(issues);
  });

  test('rejects an instant with 1,400,000 digits', () => {
    const request = { execute_at: `2030-01-31T09:00:00.${'0'.repeat(1_400_000)}Z`, callback };
    expect(issuesOf(createTimerRequestSchema, request)).toEqual([
      'execute_at: must have at most 64 characters',
    ]);
  });

  test('reports every issue at once, including those between fields', () => {
    const request = {
      callback: { type: 'http', url: 'x', headers: { 'a b': '1' }, payload: { id: 2 ** 53 } },
      expires_at: 'never',
      color: 'red',
    };
    expect(issuesOf(createTimerRequestSchema, request)).toEqual([
      `expires_at: ${INVALID_INSTANT}`,
      'callback.url: must be an absolute URL',
      'callback.headers.a b: name contains characters that are not allowed in header names',
      'callback.payload.id: is an integer beyond 2^53 and would lose digits: send it as a string',
      ': Unrecognized key: "color"',
      'execute_at: is required unless delay is set',
    ]);
  });

  test('limits metadata to 64 KiB', () => {
    const issues = (length: number) =>
      issuesOf(createTimerRequestSchema, { execute_at: executeAt, callback, metadata: 'x'.repeat(length) });
    expect(issues(65_534)).toEqual([]);
    expect(issues(65_535)).toEqual(['metadata: must be at most 65536 bytes as JSON, got 65537']);
  });
});

describe('createTimersRequestSchema', () => {
  const timers = (count: number) => ({
    timers: Array.from({ length: count }, () => ({ delay: '1s', callback })),
  });

  test('accepts 1 to 1,000 timers', () => {
    expect(issuesOf(createTimersRequestSchema, timers(1))).toEqual([]);
    expect(issuesOf(createTimersRequestSchema, timers(1_000))).toEqual([]);
    expect(issuesOf(createTimersRequestSchema, timers(0))).toEqual([
      'timers: Too small: expected array to have >=1 items',
    ]);
    expect(issuesOf(createTimersRequestSchema, timers(1_001))).toEqual([
      'timers: Too big: expected array to have <=1000 items',
    ]);
  });

  test('reports the index of an invalid item', () => {
    const batch = { timers: [{ delay: '1s', callback }, { callback: { type: 'smtp' } }, null], atomic: true };
    expect(issuesOf(createTimersRequestSchema, batch)).toEqual([
      `timers.1.callback.type: ${UNKNOWN_TYPE}`,
      'timers.1.execute_at: is required unless delay is set',
      'timers.2: Invalid input: expected object, received null',
      ': Unrecognized key: "atomic"',
    ]);
  });

  test('rejects a body without timers', () => {
    expect(issuesOf(createTimersRequestSchema, [])).toEqual([
      ': Invalid input: expected object, received array',
    ]);
    expect(issuesOf(createTimersRequestSchema, {})).toEqual([
      'timers: Invalid input: expected array, received undefined',
    ]);
  });
});

describe('updateTimerRequestSchema', () => {
  test.each<[object]>([
    [{ execute_at: executeAt }],
    [{ delay: '1h' }],
    [{ delay: '0s' }],
    [{ callback }],
    [{ metadata: null }],
    [{ retry: null }],
    [{ expires_at: null }],
    [
      {
        execute_at: executeAt,
        callback,
        metadata: {},
        retry: { delays: ['1s'] },
        expires_at: '2030-02-01T00:00:00Z',
      },
    ],
  ])('returns %j unchanged', (request) => {
    expect(updateTimerRequestSchema.parse(request)).toEqual(request);
  });

  const NO_FIELD = ': must set at least one of execute_at, delay, callback, metadata, retry and expires_at';
  test.each<[unknown, string[]]>([
    [{}, [NO_FIELD]],
    [{ callback: undefined }, [NO_FIELD]],
    [{ execute_at: executeAt, delay: '1s' }, ['delay: cannot be combined with execute_at']],
    [{ execute_at: executeAt, expires_at: '2030-01-01T00:00:00Z' }, ['expires_at: must be after execute_at']],
    [{ callback: null }, ['callback: Invalid input: expected object, received null']],
    [{ callback: { url: 'https://a.example' } }, [`callback.type: ${UNKNOWN_TYPE}`]],
    [{ callback: { type: 'http' } }, ['callback.url: Invalid input: expected string, received undefined']],
    [{ execute_at: null }, [`execute_at: ${INVALID_INSTANT}`]],
    [{ status: 'canceled' }, [': Unrecognized key: "status"', NO_FIELD]],
    [
      { delay: 'soon', execute_at: executeAt, callback: { ...callback, url: 'x' } },
      [
        'delay: must be a duration such as "250ms", "90s" or "1d12h"',
        'callback.url: must be an absolute URL',
        'delay: cannot be combined with execute_at',
      ],
    ],
    [null, [': Invalid input: expected object, received null']],
  ])('rejects %j', (request, issues) => {
    expect(issuesOf(updateTimerRequestSchema, request)).toEqual(issues);
  });
});

describe('timerParamsSchema', () => {
  test.each([
    ['0198f5a0-7f6e-7c3a-9d2b-3f1f8a2b4c5d'],
    ['0198F5A0-7F6E-4C3A-9D2B-3F1F8A2B4C5D'],
    ['00000000-0000-0000-0000-000000000000'],
    ['11111111-1111-1111-1111-111111111111'],
  ])('accepts the id %s', (id) => {
    expect(timerParamsSchema.parse({ id })).toEqual({ id });
  });

  test.each([
    [''],
    ['42'],
    ['0198f5a07f6e7c3a9d2b3f1f8a2b4c5d'],
    ['{0198f5a0-7f6e-7c3a-9d2b-3f1f8a2b4c5d}'],
    ['urn:uuid:0198f5a0-7f6e-7c3a-9d2b-3f1f8a2b4c5d'],
    ['0198f5a0-7f6e-7c3a-9d2b-3f1f8a2b4c5g'],
    ['0198f5a0-7f6e-7c3a-9d2b-3f1f8a2b4c5d\n'],
    ["0198f5a0-7f6e-7c3a-9d2b-3f1f8a2b4c5d'; --"],
    [42],
  ])('rejects the id %j', (id) => {
    expect(issuesOf(timerParamsSchema, { id })).toEqual(['id: must be a UUID']);
  });
});

describe('listTimersQuerySchema', () => {
  test('has defaults', () => {
    expect(listTimersQuerySchema.parse({})).toEqual({
      limit: 50,
      offset: 0,
      sort: 'created_at',
      order: 'desc',
    });
  });

  test('parses numbers from strings', () => {
    expect(listTimersQuerySchema.parse({ limit: '200', offset: '007' })).toMatchObject({
      limit: 200,
      offset: 7,
    });
    expect(listTimersQuerySchema.parse({ limit: 1, offset: 0 })).toMatchObject({ limit: 1, offset: 0 });
  });

  test('accepts every parameter', () => {
    const query = {
      status: 'failed',
      callback_type: 'nats',
      destination: 'nats:orders.due',
      due_from: executeAt,
      due_before: '2030-02-01T00:00:00Z',
      created_from: '2020-01-31T09:00:00+01:00',
      created_before: executeAt,
      metadata: '{"team":"billing","tags":["a"]}',
      last_error: '100% "no"',
      schedule: 'daily-report',
      key: 'order-42',
      limit: 10,
      offset: 20,
      cursor: 'abc',
      sort: 'execute_at',
      order: 'asc',
    };
    expect(listTimersQuerySchema.parse(query)).toEqual(query);
  });

  test.each<[object, string]>([
    [
      { status: 'done' },
      'status: Invalid option: expected one of "pending"|"executing"|"completed"|"failed"|"canceled"',
    ],
    [
      { status: ['failed', 'pending'] },
      'status: Invalid option: expected one of "pending"|"executing"|"completed"|"failed"|"canceled"',
    ],
    [
      { callback_type: 'smtp' },
      `callback_type: Invalid option: expected one of ${CALLBACK_TYPES.map((type) => `"${type}"`).join('|')}`,
    ],
    [{ limit: '0' }, 'limit: Too small: expected number to be >=1'],
    [{ limit: '201' }, 'limit: Too big: expected number to be <=200'],
    [{ limit: '' }, 'limit: must be a whole number'],
    [{ limit: ' 5' }, 'limit: must be a whole number'],
    [{ limit: '5.5' }, 'limit: must be a whole number'],
    [{ limit: 5.5 }, 'limit: must be a whole number'],
    [{ limit: '-1' }, 'limit: must be a whole number'],
    [{ limit: '1e2' }, 'limit: must be a whole number'],
    [{ limit: '0x10' }, 'limit: must be a whole number'],
    [{ limit: 'ten' }, 'limit: must be a whole number'],
    [{ limit: ['5', '6'] }, 'limit: must be a whole number'],
    [{ limit: '9999999999999999999' }, 'limit: must be a whole number'],
    [{ offset: '1000001' }, 'offset: Too big: expected number to be <=1000000'],
    [{ offset: '-1' }, 'offset: must be a whole number'],
    [{ cursor: '' }, 'cursor: Too small: expected string to have >=1 characters'],
    [{ sort: 'id' }, 'sort: Invalid option: expected one of "created_at"|"execute_at"'],
    [{ order: 'ASC' }, 'order: Invalid option: expected one of "asc"|"desc"'],
    [{ page: '2' }, ': Unrecognized key: "page"'],
    [{ ids: 'a' }, ': Unrecognized key: "ids"'],
    [{ destination: '' }, 'destination: Too small: expected string to have >=1 characters'],
    [
      { destination: 'a\u0000' },
      'destination: must not contain the character U+0000, which PostgreSQL cannot store',
    ],
    [{ due_from: 'infinity' }, `due_from: ${INVALID_INSTANT}`],
    [{ due_from: executeAt, due_before: executeAt }, 'due_before: must be after due_from'],
    [
      { created_from: executeAt, created_before: '2020-01-01T00:00:00Z' },
      'created_before: must be after created_from',
    ],
    [{ metadata: '{' }, 'metadata: must be a JSON object, such as {"team":"billing"}'],
    [{ metadata: '[1]' }, 'metadata: must be a JSON object, such as {"team":"billing"}'],
    [{ metadata: 'null' }, 'metadata: must be a JSON object, such as {"team":"billing"}'],
    [{ metadata: '{"__proto__":{"a":1}}' }, 'metadata: must be a JSON object, such as {"team":"billing"}'],
    [
      { metadata: '{"a":[9007199254740993]}' },
      'metadata.a.0: is an integer beyond 2^53 and would lose digits: send it as a string',
    ],
    [{ metadata: '{"a":1e999}' }, 'metadata.a: must be a finite number'],
    [
      { metadata: '{"a":"\\u0000"}' },
      'metadata.a: must not contain the character U+0000, which PostgreSQL cannot store',
    ],
    [
      { metadata: `{"a":${'['.repeat(70)}${']'.repeat(70)}}` },
      `metadata.a${'.0'.repeat(63)}: must not be nested more than 64 levels deep`,
    ],
    [{ schedule: 'a b' }, 'schedule: must contain only visible ASCII characters, without spaces'],
    [{ key: ['a', 'b'] }, 'key: Invalid input: expected string, received array'],
  ])('rejects %j', (query, issue) => {
    expect(issuesOf(listTimersQuerySchema, query)).toEqual([issue]);
  });

  test('limits the cursor to 512 characters', () => {
    expect(issuesOf(listTimersQuerySchema, { cursor: 'c'.repeat(512) })).toEqual([]);
    expect(issuesOf(listTimersQuerySchema, { cursor: 'c'.repeat(513) })).toEqual([
      'cursor: Too big: expected string to have <=512 characters',
    ]);
  });
});

describe('timerKeySchema', () => {
  test.each(['a', 'order/42?x#y', '...', '%2e', '~'.repeat(255)])('accepts %s', (key) => {
    expect(timerKeySchema.parse(key)).toBe(key);
  });

  test.each<[unknown, string]>([
    ['', 'Too small: expected string to have >=1 characters'],
    ['a'.repeat(256), 'Too big: expected string to have <=255 characters'],
    ['a b', 'must contain only visible ASCII characters, without spaces'],
    ['a\n', 'must contain only visible ASCII characters, without spaces'],
    ['ü', 'must contain only visible ASCII characters, without spaces'],
    ['.', 'must not be . or ..'],
    ['..', 'must not be . or ..'],
  ])('rejects %j', (key, message) => {
    expect(issuesOf(timerKeySchema, key)).toEqual([`: ${message}`]);
  });
});

test('putTimerRequestSchema accepts what a create request accepts, but no key', () => {
  const request = { execute_at: executeAt, callback, metadata: 1 };
  expect(putTimerRequestSchema.parse(request)).toEqual(request);
  expect(issuesOf(putTimerRequestSchema, { ...request, key: 'a' })).toEqual([': Unrecognized key: "key"']);
  expect(issuesOf(putTimerRequestSchema, { callback })).toEqual([
    'execute_at: is required unless delay is set',
  ]);
});

describe('idempotencyKeySchema', () => {
  test.each([['a'], ['order-42/attempt:1'], ['~!@#"']])('accepts %s', (key) => {
    expect(idempotencyKeySchema.parse(key)).toBe(key);
  });

  test.each([[''], ['a b'], ['a\n'], ['ü'], ['a\u0000']])('rejects %j', (key) => {
    expect(issuesOf(idempotencyKeySchema, key)).toEqual([
      ': must contain only visible ASCII characters, without spaces',
    ]);
  });

  test('limits the key to 255 characters', () => {
    expect(issuesOf(idempotencyKeySchema, 'k'.repeat(255))).toEqual([]);
    expect(issuesOf(idempotencyKeySchema, 'k'.repeat(256))).toEqual([
      ': Too big: expected string to have <=255 characters',
    ]);
  });
});
