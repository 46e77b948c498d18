import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { issuesOf } from '../testing/issues-of.ts';
import { headerMapSchema, storedHeaderMapSchema } from './header-map.ts';

const BREAK = 'must not contain line breaks';
const NAME = 'name has characters that a header name may not have';
const VALUE = 'value has characters other than visible ASCII, spaces and tabs';
const SET = 'is set by the delivery';

const schema = headerMapSchema({ names: new Set(['host']), prefixes: ['webhook-'], message: SET });

describe('headers of a request', () => {
  test.each<[unknown]>([
    [{}],
    [{ Authorization: 'Bearer a.b~c+d/e==', 'x-empty': '', 'X-Tab': 'a\tb', "!#$%&'*+-.^_`|~9": '~ !' }],
    [{ hosting: '1', webhook: '2', 'x-webhook-id': '3' }],
  ])('%j are taken as they are', (headers) => {
    expect(schema.parse(headers)).toEqual(headers);
  });

  test.each<[unknown, string]>([
    [{ 'a\r\nb': '1' }, `a\r\nb: name ${BREAK}`],
    [{ 'a\n': '1' }, `a\n: name ${BREAK}`],
    [{ 'a b': '1' }, `a b: ${NAME}`],
    [{ 'a:': '1' }, `a:: ${NAME}`],
    [{ '': '1' }, `: ${NAME}`],
    [{ 'a\u0000': '1' }, `a\u0000: ${NAME}`],
    [{ größe: '1' }, `größe: ${NAME}`],
    [{ '(a)': '1' }, `(a): ${NAME}`],
    [{ a: 'x\r\nSet-Cookie: y' }, `a: value ${BREAK}`],
    [{ a: 'x\ny' }, `a: value ${BREAK}`],
    [{ a: '\r' }, `a: value ${BREAK}`],
    [{ a: '\u0000' }, `a: ${VALUE}`],
    [{ a: '\u007f' }, `a: ${VALUE}`],
    [{ a: 'ü' }, `a: ${VALUE}`],
    [{ a: '\ud800' }, `a: ${VALUE}`],
    [{ Host: 'a' }, `Host: ${SET}`],
    [{ 'WebHook-Anything': 'a' }, `WebHook-Anything: ${SET}`],
    [{ 'X-A': '1', 'x-a': '2' }, 'x-a: is given twice, in different cases'],
    [{ a: 1 }, 'a: Invalid input: expected string, received number'],
    [{ a: null }, 'a: Invalid input: expected string, received null'],
    [{ a: ['1'] }, 'a: Invalid input: expected string, received array'],
    [[['a', '1']], ': Invalid input: expected record, received array'],
    ['a: 1', ': Invalid input: expected record, received string'],
    [5, ': Invalid input: expected record, received number'],
  ])('%j are refused', (headers, issue) => {
    expect(issuesOf(schema, headers)).toEqual([issue]);
  });

  test('every issue is named', () => {
    expect(issuesOf(schema, { a: 'ü', 'b c': '1', host: 'x' })).toEqual([
      `a: ${VALUE}`,
      `b c: ${NAME}`,
      `host: ${SET}`,
    ]);
  });

  test('names and values may have the stated lengths, and no more', () => {
    const name = 'n'.repeat(256);
    const value = 'v'.repeat(8_192);
    expect(issuesOf(schema, { [name]: value })).toEqual([]);
    expect(issuesOf(schema, { [`${name}n`]: '' })).toEqual([`${name}n: name is longer than 256 characters`]);
    expect(issuesOf(schema, { a: `${value}v` })).toEqual(['a: value is longer than 8192 characters']);
  });

  test('64 are taken, 65 are not', () => {
    const headers = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`x-${i}`, '']));
    expect(issuesOf(schema, headers(64))).toEqual([]);
    expect(issuesOf(schema, headers(65))).toEqual([': must hold at most 64 headers, holds 65']);
  });

  test('what is taken is what the Fetch standard can send', () => {
    const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 6 }), fc.stringMatching(/^[\t -~]{0,8}$/));
    fc.assert(
      fc.property(text, text, (name, value) => {
        // Headers trims values and refuses what no HTTP client can send.
        const taken = issuesOf(schema, { [name]: value }).length === 0 && name !== '__proto__';
        if (taken)
          expect(new Headers({ [name]: value }).get(name)).toBe(value.replace(/^[\t ]+|[\t ]+$/g, ''));
        if (/[\r\n]/.test(name + value)) expect(taken).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('headers of a stored row', () => {
  test.each<[string, unknown, Record<string, string>]>([
    ['an object', { 'X-A': '1' }, { 'X-A': '1' }],
    ['an empty object', {}, {}],
    ['JSON null', null, {}],
    ['absent', undefined, {}],
    ['an array', ['X-A', '1'], {}],
    ['an array of objects', [{ 'X-A': '1' }], {}],
    ['a string', 'X-A: 1', {}],
    ['a number', 5, {}],
    ['a boolean', true, {}],
    ['numbers inside', { 'X-A': 1, 'X-B': 'b' }, { 'X-B': 'b' }],
    [
      'nulls, objects, arrays and booleans inside',
      { a: null, b: {}, c: ['c'], d: true, e: 'kept', f: '' },
      { e: 'kept', f: '' },
    ],
    ['names that no longer may be given', { Host: 'a', 'webhook-id': 'b' }, { Host: 'a', 'webhook-id': 'b' }],
    ['illegal names and values', { 'a b': 'ü\n' }, { 'a b': 'ü\n' }],
  ])('%s', (_, stored, headers) => {
    expect(storedHeaderMapSchema.parse(stored)).toEqual(headers);
  });

  test('a name that objects inherit stays a header of its own', () => {
    const stored: unknown = JSON.parse('{"__proto__": "a", "constructor": "b"}');
    expect(Object.entries(storedHeaderMapSchema.parse(stored))).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
  });

  test('any JSON value is read, to strings alone', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (stored) => {
        const headers = storedHeaderMapSchema.parse(stored);
        expect(Object.values(headers).every((value) => typeof value === 'string')).toBe(true);
      }),
    );
  });
});
