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
const TOKENS = 'must not have empty tokens: no dot at either end, no two dots in a row';

const illegal: [unknown, string][] = [
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
  ['.', TOKENS],
  ['.a', TOKENS],
  ['a.', TOKENS],
  ['a..b', TOKENS],
  [5, 'Invalid input: expected string, received number'],
  [{}, 'Invalid input: expected string, received object'],
];

describe('a NATS callback of a request', () => {
  test.each([['a'], ['orders.due'], ['Orders-1_2.größe.订单'], ['a.$b'], ['a/b:c']])(
    'may be published to %s',
    (topic) => {
      expect(natsCallbackSchema.parse({ type: 'nats', topic })).toEqual({ type: 'nats', topic });
    },
  );

  test.each(illegal)('may not have the topic %j', (topic, issue) => {
    expect(issuesOf(natsCallbackSchema, { type: 'nats', topic })).toEqual([`topic: ${issue}`]);
  });

  test.each(illegal)('may not have the key %j', (key, issue) => {
    expect(issuesOf(natsCallbackSchema, { type: 'nats', topic: 'a', key })).toEqual([`key: ${issue}`]);
  });

  test.each([['$SYS.REQ.SERVER.PING'], ['$JS.API.STREAM.DELETE.ORDERS'], ['$']])(
    'may not be published to %s, which belongs to the server',
    (topic) => {
      expect(issuesOf(natsCallbackSchema, { type: 'nats', topic })).toEqual([
        'topic: must not start with $: such subjects belong to the server',
      ]);
    },
  );

  test.each<[object, string[]]>([
    [{ topic: undefined }, ['topic: Invalid input: expected string, received undefined']],
    [{ subject: 'b' }, [': Unrecognized key: "subject"']],
    [{ jetstream: 'yes' }, ['jetstream: Invalid input: expected boolean, received string']],
    [{ headers: { a: 'x\ny' } }, ['headers.a: value must not contain line breaks']],
    [{ headers: { 'a b': 'x' } }, ['headers.a b: name has characters that a header name may not have']],
    [
      { headers: { 'nats-msg-id': 'x' } },
      ['headers.nats-msg-id: starts with Nats-, which the server gives a meaning: it cannot be given'],
    ],
    [
      { payload: [['\ud800']] },
      ['payload.0.0: must be well-formed Unicode: it holds half of a surrogate pair'],
    ],
  ])('is refused with %j', (fields, issues) => {
    expect(issuesOf(natsCallbackSchema, { type: 'nats', topic: 'a', ...fields })).toEqual(issues);
  });

  test('may have a subject and a payload of the stated sizes, and no more', () => {
    const issues = (fields: object) => issuesOf(natsCallbackSchema, { type: 'nats', topic: 'a', ...fields });
    expect(issues({ topic: 'a'.repeat(1_024) })).toEqual([]);
    expect(issues({ topic: 'a'.repeat(1_025) })).toEqual([
      'topic: Too big: expected string to have <=1024 characters',
    ]);
    expect(issues({ key: 'k'.repeat(1_022) })).toEqual([]);
    expect(issues({ key: 'k'.repeat(1_023) })).toEqual([
      'key: makes a subject of 1025 characters, at most 1024 are allowed',
    ]);
    expect(issues({ payload: 'x'.repeat(1_048_574) })).toEqual([]);
    expect(issues({ payload: 'x'.repeat(1_048_575) })).toEqual([
      'payload: must be at most 1048576 bytes as JSON, is 1048577',
    ]);
  });
});

describe('a NATS callback of a stored row', () => {
  test.each(illegal)('cannot be published to %j', (topic, issue) => {
    expect(issuesOf(storedNatsCallbackSchema, { type: 'nats', topic })).toContain(`topic: ${issue}`);
  });

  test('may be published where a request no longer may', () => {
    expect(issuesOf(storedNatsCallbackSchema, { type: 'nats', topic: '$KV.orders.42' })).toEqual([]);
    expect(
      issuesOf(storedNatsCallbackSchema, { type: 'nats', topic: 'a'.repeat(2_000), key: 'k'.repeat(1_999) }),
    ).toEqual([]);
  });

  test('is refused before its subject would end the connection to the server', () => {
    expect(issuesOf(storedNatsCallbackSchema, { type: 'nats', topic: 'ü'.repeat(2_001) })).toEqual([
      'topic: makes a subject of 4002 bytes, a server takes at most 4000',
    ]);
  });

  test('passes over what it does not know, and over a flag that is none', () => {
    const stored = { type: 'nats', topic: 'a', key: null, qos: 1, headers: 'odd', jetstream: 'yes' };
    expect(storedNatsCallbackSchema.parse(stored)).toEqual({
      type: 'nats',
      topic: 'a',
      key: null,
      headers: {},
      jetstream: undefined,
    });
  });
});

test('every subject that a request may ask for can be published', () => {
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
  ])('of %j is %s', (callback, subject) => {
    expect(natsSubject(callback)).toBe(subject);
  });

  test('of an accepted callback has no wildcard, no space and no empty token, and keeps its parts', () => {
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

test('whatever a request may give, the stored row gives back', () => {
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
