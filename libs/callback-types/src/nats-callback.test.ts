import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { callbacks } from '../testing/callbacks.ts';
import { issuesOf } from '../testing/issues-of.ts';
import { callbackConfigSchema, storedCallbackConfigSchema } from './callback.ts';
import { LIMITS } from './limits.ts';
import { natsCallbackSchema, natsSubject, storedNatsCallbackSchema } from './nats-callback.ts';

const EMPTY = 'must not be empty';
const SPACE = 'must not contain spaces or line breaks';
const WILDCARD = 'must not contain the wildcards * and >';
const EMPTY_TOKEN = 'must not have empty tokens: a dot at either end, or two dots in a row';

const invalidSubjects: [unknown, string][] = [
  ['', EMPTY],
  ['a b', SPACE],
  [' a', SPACE],
  ['a\n', SPACE],
  ['a\r\nPUB b 0\r\n', SPACE],
  ['a\tb', SPACE],
  ['a\u00a0b', SPACE],
  ['*', WILDCARD],
  ['a.*', WILDCARD],
  ['a.>', WILDCARD],
  ['a>b', WILDCARD],
  ['a\u0000', 'must not contain control characters'],
  ['a\u007f', 'must not contain control characters'],
  ['a\ud800', 'must be well-formed Unicode'],
  ['.', EMPTY_TOKEN],
  ['.a', EMPTY_TOKEN],
  ['a.', EMPTY_TOKEN],
  ['a..b', EMPTY_TOKEN],
  [5, 'Invalid input: expected string, received number'],
  [{}, 'Invalid input: expected string, received object'],
];

describe('natsCallbackSchema', () => {
  test.each([['a'], ['orders.due'], ['Orders-1_2.größe.订单'], ['a.$b'], ['a/b:c']])(
    'accepts the topic %s',
    (topic) => {
      expect(natsCallbackSchema.parse({ type: 'nats', topic })).toEqual({ type: 'nats', topic });
    },
  );

  test.each(invalidSubjects)('rejects the topic %j', (topic, issue) => {
    expect(issuesOf(natsCallbackSchema, { type: 'nats', topic })).toEqual([`topic: ${issue}`]);
  });

  test.each(invalidSubjects)('rejects the key %j', (key, issue) => {
    expect(issuesOf(natsCallbackSchema, { type: 'nats', topic: 'a', key })).toEqual([`key: ${issue}`]);
  });

  test.each([['$SYS.REQ.SERVER.PING'], ['$JS.API.STREAM.DELETE.ORDERS'], ['$']])(
    'rejects the topic %s, which is reserved for the server',
    (topic) => {
      expect(issuesOf(natsCallbackSchema, { type: 'nats', topic })).toEqual([
        'topic: must not start with $: these subjects are reserved for the server',
      ]);
    },
  );

  test.each<[object, string[]]>([
    [{ topic: undefined }, ['topic: Invalid input: expected string, received undefined']],
    [{ subject: 'b' }, [': Unrecognized key: "subject"']],
    [{ jetstream: 'yes' }, ['jetstream: Invalid input: expected boolean, received string']],
    [{ headers: { a: 'x\ny' } }, ['headers.a: value must not contain line breaks']],
    [
      { headers: { 'a b': 'x' } },
      ['headers.a b: name contains characters that are not allowed in header names'],
    ],
    [
      { headers: { 'nats-msg-id': 'x' } },
      [
        'headers.nats-msg-id: is reserved: the service sets Timer-Attempt, and the NATS server interprets headers that start with Nats-',
      ],
    ],
    [
      { headers: { 'timer-attempt': '1' } },
      [
        'headers.timer-attempt: is reserved: the service sets Timer-Attempt, and the NATS server interprets headers that start with Nats-',
      ],
    ],
    [{ payload: [['\ud800']] }, ['payload.0.0: must be well-formed Unicode, without lone surrogates']],
  ])('rejects %j', (fields, issues) => {
    expect(issuesOf(natsCallbackSchema, { type: 'nats', topic: 'a', ...fields })).toEqual(issues);
  });

  test('limits the subject to 1,024 characters and the payload to 1 MiB', () => {
    const issues = (fields: object) => issuesOf(natsCallbackSchema, { type: 'nats', topic: 'a', ...fields });
    expect(issues({ topic: 'a'.repeat(1_024) })).toEqual([]);
    expect(issues({ topic: 'a'.repeat(1_025) })).toEqual([
      'topic: Too big: expected string to have <=1024 characters',
    ]);
    expect(issues({ key: 'k'.repeat(1_022) })).toEqual([]);
    expect(issues({ key: 'k'.repeat(1_023) })).toEqual([
      'key: the subject must have at most 1024 characters, got 1025',
    ]);
    expect(issues({ payload: 'x'.repeat(1_048_574) })).toEqual([]);
    expect(issues({ payload: 'x'.repeat(1_048_575) })).toEqual([
      'payload: must be at most 1048576 bytes as JSON, got 1048577',
    ]);
  });
});

describe('storedNatsCallbackSchema', () => {
  test.each(invalidSubjects)('rejects the topic %j', (topic, issue) => {
    expect(issuesOf(storedNatsCallbackSchema, { type: 'nats', topic })).toContain(`topic: ${issue}`);
  });

  test('accepts headers that requests must not use', () => {
    const headers = { 'Timer-Attempt': '7' };
    expect(storedNatsCallbackSchema.parse({ type: 'nats', topic: 'a', headers }).headers).toEqual(headers);
  });

  test('accepts subjects that requests must not use', () => {
    expect(issuesOf(storedNatsCallbackSchema, { type: 'nats', topic: '$KV.orders.42' })).toEqual([]);
    expect(
      issuesOf(storedNatsCallbackSchema, { type: 'nats', topic: 'a'.repeat(2_000), key: 'k'.repeat(1_999) }),
    ).toEqual([]);
  });

  test('rejects a subject so long that the server would close the connection', () => {
    expect(issuesOf(storedNatsCallbackSchema, { type: 'nats', topic: 'ü'.repeat(2_001) })).toEqual([
      'topic: the subject must have at most 4000 bytes, got 4002',
    ]);
  });

  test('ignores unknown fields and an invalid flag', () => {
    const stored = { type: 'nats', topic: 'a', key: null, qos: 1, headers: 'malformed', jetstream: 'yes' };
    expect(storedNatsCallbackSchema.parse(stored)).toEqual({
      type: 'nats',
      topic: 'a',
      key: null,
      headers: {},
      jetstream: undefined,
    });
  });
});

test('storedNatsCallbackSchema accepts the longest subject of a request', () => {
  const longest = { type: 'nats', topic: '订'.repeat(LIMITS.subjectLength) };
  expect(issuesOf(natsCallbackSchema, longest)).toEqual([]);
  expect(issuesOf(storedNatsCallbackSchema, longest)).toEqual([]);
});

describe('natsSubject', () => {
  test.each<[{ topic: string; key?: string | null }, string]>([
    [{ topic: 'orders' }, 'orders'],
    [{ topic: 'orders', key: null }, 'orders'],
    [{ topic: 'orders.due', key: '42' }, 'orders.due.42'],
    [{ topic: 'orders', key: 'eu.42' }, 'orders.eu.42'],
  ])('returns the subject of %j: %s', (callback, subject) => {
    expect(natsSubject(callback)).toBe(subject);
  });

  test('returns no wildcard, space or empty token for a valid callback, and keeps topic and key', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.option(fc.string({ unit: 'binary' }), { nil: null }),
        (topic, key) => {
          fc.pre(natsCallbackSchema.safeParse({ type: 'nats', topic, key }).success);
          const subject = natsSubject({ topic, key });
          expect(subject).toMatch(/^(?!\$)[^\s*>.]+(\.[^\s*>.]+)*$/);
          expect(subject.startsWith(topic) && subject.endsWith(key ?? topic)).toBe(true);
        },
      ),
    );
  });
});

test('storedCallbackConfigSchema returns every valid callback of a request', () => {
  fc.assert(
    fc.property(callbacks, (callback) => {
      const accepted = callbackConfigSchema.parse(callback);
      const row: unknown = JSON.parse(JSON.stringify(accepted));
      const read = storedCallbackConfigSchema.parse(row);
      expect({ ...read, headers: null }).toEqual(JSON.parse(JSON.stringify({ ...accepted, headers: null })));
      expect(read.headers).toEqual(accepted.headers ?? {});
    }),
  );
});
