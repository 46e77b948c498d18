import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import type { CallbackConfig, JsonValue } from '@timer-platform/callback-types';
import fc from 'fast-check';
import { z } from 'zod';
import {
  areEncrypted,
  decryptHeaders,
  decryptHeaderText,
  encryptHeaders,
  encryptHeaderText,
  type HeaderKeys,
  NO_HEADER_KEYS,
  parseHeaderKeys,
} from './header-encryption.ts';

const ID = '0198c0de-0000-7000-8000-000000000001';
const OTHER_ID = '0198c0de-0000-7000-8000-000000000002';

const material = (byte: number): string => Buffer.alloc(32, byte).toString('base64');

function keysOf(text: string): HeaderKeys {
  const parsed = parseHeaderKeys(text);
  if ('error' in parsed) throw new Error(parsed.error);
  return parsed.keys;
}

const A = `a:${material(1)}`;
const B = `b:${material(2)}`;
const keys = keysOf(A);

const callback: CallbackConfig = {
  type: 'http',
  url: 'https://example.com/',
  headers: { Authorization: 'Bearer secret', 'X-Plain': 'ü✓' },
  payload: { n: 1 },
};

/** As PostgreSQL returns it. */
function stored(config: object): JsonValue {
  return JSON.parse(JSON.stringify(config)) as JsonValue;
}

const encryptedSchema = z.looseObject({
  headers: z.object({ $encrypted: z.object({ key: z.string(), iv: z.string(), data: z.string() }) }),
});

function encryptedForm(config: JsonValue) {
  return encryptedSchema.parse(config).headers.$encrypted;
}

/** Replaces parts of the encrypted headers of a stored callback. */
function withParts(config: JsonValue, parts: Readonly<Record<string, JsonValue>>): JsonValue {
  return stored({
    ...encryptedSchema.parse(config),
    headers: { $encrypted: { ...encryptedForm(config), ...parts } },
  });
}

describe('encryptHeaders and decryptHeaders', () => {
  test('encrypt the headers and decrypt them again', () => {
    const config = stored(encryptHeaders(keys, ID, callback));
    expect(JSON.stringify(config)).not.toMatch(/Bearer|Authorization|X-Plain/);
    expect(config).toMatchObject({ type: 'http', url: 'https://example.com/', payload: { n: 1 } });
    expect(encryptedForm(config).key).toBe('a');
    expect(decryptHeaders(keys, ID, config)).toEqual({ ok: true, config: callback });
  });

  test('decrypt any text that was encrypted', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.uuid(), (text, id) => {
        const encrypted = encryptHeaderText(keys, id, text);
        expect(decryptHeaderText(keys, id, encrypted ?? null)).toEqual({ ok: true, text });
      }),
    );
  });

  test('use a new IV each time', () => {
    const one = encryptedForm(stored(encryptHeaders(keys, ID, callback)));
    const other = encryptedForm(stored(encryptHeaders(keys, ID, callback)));
    expect([one.iv, one.data]).not.toEqual([other.iv, other.data]);
  });

  test.each([
    ['without a current key', NO_HEADER_KEYS, callback],
    ['with keys that only decrypt', keysOf(`none,${A}`), callback],
    ['without headers', keys, { type: 'nats', topic: 'a' }],
    ['with headers null', keys, { type: 'nats', topic: 'a', headers: null }],
    ['with empty headers', keys, { type: 'nats', topic: 'a', headers: {} }],
  ] satisfies [string, HeaderKeys, CallbackConfig][])('leave the callback unchanged %s', (_, some, given) => {
    expect(encryptHeaders(some, ID, given)).toBe(given);
    expect(decryptHeaders(some, ID, stored(given))).toEqual({ ok: true, config: given });
  });

  test('treat a header named $encrypted as a header', () => {
    const given: CallbackConfig = { ...callback, headers: { $encrypted: 'x' } };
    expect(areEncrypted({ $encrypted: 'x' })).toBe(false);
    expect(decryptHeaders(keys, ID, stored(given))).toEqual({ ok: true, config: given });
    const config = stored(encryptHeaders(keys, ID, given));
    expect(decryptHeaders(keys, ID, config)).toEqual({ ok: true, config: given });
  });

  test.each([null, 'text', 1, [], { type: 'http' }, { headers: ['a'] }, { headers: 'a: b' }])(
    'leave a malformed row of the first service unchanged: %j',
    (config) => {
      expect(decryptHeaders(keys, ID, config)).toEqual({ ok: true, config });
    },
  );

  test('ignore the case of the timer id, as PostgreSQL does', () => {
    const config = stored(encryptHeaders(keys, ID.toUpperCase(), callback));
    expect(decryptHeaders(keys, ID, config)).toMatchObject({ ok: true });
  });
});

describe('decryptHeaders rejects', () => {
  const config = stored(encryptHeaders(keys, ID, callback));
  const { iv, data } = encryptedForm(config);
  const flip = (text: string, at: number): string => {
    const bytes = Buffer.from(text, 'base64');
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    return bytes.toString('base64');
  };
  const length = Buffer.from(data, 'base64').length;

  test.each([
    ['a changed ciphertext', ID, withParts(config, { data: flip(data, 0) })],
    ['a changed tag', ID, withParts(config, { data: flip(data, length - 1) })],
    ['a changed IV', ID, withParts(config, { iv: flip(iv, 0) })],
    [
      'a shortened tag',
      ID,
      withParts(config, { data: Buffer.from(data, 'base64').subarray(0, 4).toString('base64') }),
    ],
    ['no data', ID, withParts(config, { data: '' })],
    ['no IV', ID, withParts(config, { iv: '' })],
    ['the headers of another timer', OTHER_ID, config],
  ])('%s', (_, id, changed) => {
    expect(decryptHeaders(keys, id, changed)).toEqual({
      ok: false,
      reason: expect.stringMatching(/^the headers cannot be decrypted with the key "a"/),
    });
  });

  test('another key with the same id', () => {
    expect(decryptHeaders(keysOf(`a:${material(9)}`), ID, config)).toMatchObject({ ok: false });
  });

  test('an unknown key, and names its id and the setting', () => {
    for (const some of [keysOf(B), NO_HEADER_KEYS])
      expect(decryptHeaders(some, ID, config)).toEqual({
        ok: false,
        reason: 'the headers are encrypted with the key "a", which is not in HEADER_ENCRYPTION_KEYS',
      });
  });

  test.each([{}, { key: 'a' }, { key: 'a', iv: '!', data: '' }, { key: 'a b', iv: '', data: '' }])(
    'malformed encrypted headers: %j',
    (form) => {
      expect(decryptHeaders(keys, ID, { headers: { $encrypted: form } })).toEqual({
        ok: false,
        reason: 'the encrypted headers are malformed',
      });
    },
  );
});

describe('several keys', () => {
  test('the first one encrypts, all decrypt', () => {
    const old = stored(encryptHeaders(keys, ID, callback));
    const both = keysOf(`${B}, ${A}`);
    const renewed = stored(encryptHeaders(both, ID, callback));
    expect([encryptedForm(old).key, encryptedForm(renewed).key]).toEqual(['a', 'b']);
    for (const config of [old, renewed])
      expect(decryptHeaders(both, ID, config)).toEqual({ ok: true, config: callback });
    expect(decryptHeaders(keysOf(B), ID, renewed)).toMatchObject({ ok: true });
    expect(decryptHeaders(keysOf(B), ID, old)).toMatchObject({ ok: false });
  });
});

describe('parseHeaderKeys', () => {
  test.each(['', ' , '])('returns no keys for %j', (text) => {
    expect(keysOf(text)).toEqual(NO_HEADER_KEYS);
  });

  test.each([
    ['hunter2', 1],
    ['a:hunter2', 1],
    [`a:${Buffer.alloc(31, 1).toString('base64')}`, 1],
    [`a:${Buffer.alloc(33, 1).toString('base64')}`, 1],
    [`a:${'01'.repeat(32)}`, 1],
    [`a b:${material(1)}`, 1],
    [`none:${material(1)}`, 1],
    [`:${material(1)}`, 1],
    [`${A},none`, 2],
    [`${A},a:${material(2)}`, 2],
  ])('returns an error that names the item without its text: %s', (text, item) => {
    const parsed = parseHeaderKeys(text);
    const error = 'error' in parsed ? parsed.error : '';
    expect(error).toMatch(new RegExp(`^\\(item ${item}\\) `));
    expect(error).not.toMatch(/hunter2|AQEB|0101/);
  });

  test('returns keys that are not shown when printed', () => {
    expect(inspect(keys, { depth: 9 }) + JSON.stringify([...keys.byId])).not.toMatch(/AQEB|01 01|1, 1/);
  });
});
