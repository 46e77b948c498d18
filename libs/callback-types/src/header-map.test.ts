import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { issuesOf } from '../testing/issues-of.ts';
import { headerMapSchema, storedHeaderMapSchema } from './header-map.ts';

const LINE_BREAK = 'must not contain line breaks';
const NAME = 'name contains characters that are not allowed in header names';
const VALUE = 'value must contain only visible ASCII characters, spaces and tabs';
const RESERVED = 'is reserved';

const schema = headerMapSchema({ names: new Set(['host']), prefixes: ['webhook-'], message: RESERVED });

describe('headerMapSchema', () => {
  test.each<[unknown]>([
    [{}],
    [{ Authorization: 'Bearer a.b~c+d/e==', 'x-empty': '', 'X-Tab': 'a\tb', "!#$%&'*+-.^_`|~9": '~ !' }],
    [{ hosting: '1', webhook: '2', 'x-webhook-id': '3' }],
  ])('returns %j unchanged', (headers) => {
    expect(schema.parse(headers)).toEqual(headers);
  });

  test.each<[unknown, string]>([
    [{ 'a\r\nb': '1' }, `a\r\nb: name ${LINE_BREAK}`],
    [{ 'a\n': '1' }, `a\n: name ${LINE_BREAK}`],
    [{ 'a b': '1' }, `a b: ${NAME}`],
    [{ 'a:': '1' }, `a:: ${NAME}`],
    [{ '': '1' }, `: ${NAME}`],
    [{ 'a\u0000': '1' }, `a\u0000: ${NAME}`],
    [{ größe: '1' }, `größe: ${NAME}`],
    [{ '(a)': '1' }, `(a): ${NAME}`],
    [{ a: 'x\r\nSet-Cookie: y' }, `a: value ${LINE_BREAK}`],
    [{ a: 'x\ny' }, `a: value ${LINE_BREAK}`],
    [{ a: '\r' }, `a: value ${LINE_BREAK}`],
    [{ a: '\u0000' }, `a: ${VALUE}`],
    [{ a: '\u007f' }, `a: ${VALUE}`],
    [{ a: 'ü' }, `a: ${VALUE}`],
    [{ a: '\ud800' }, `a: ${VALUE}`],
    [{ Host: 'a' }, `Host: ${RESERVED}`],
    [{ 'WebHook-Anything': 'a' }, `WebHook-Anything: ${RESERVED}`],
    [{ 'X-A': '1', 'x-a': '2' }, 'x-a: duplicates another header: names are case-insensitive'],
    [{ a: 1 }, 'a: value must be a string'],
    [{ a: null }, 'a: value must be a string'],
    [{ a: ['1'] }, 'a: value must be a string'],
    [[['a', '1']], ': must be an object of strings'],
    ['a: 1', ': must be an object of strings'],
    [5, ': must be an object of strings'],
  ])('rejects %j', (headers, issue) => {
    expect(issuesOf(schema, headers)).toEqual([issue]);
  });

  test('reports every issue', () => {
    expect(issuesOf(schema, { a: 'ü', 'b c': '1', host: 'x' })).toEqual([
      `a: ${VALUE}`,
      `b c: ${NAME}`,
      `host: ${RESERVED}`,
    ]);
  });

  test('limits names to 256 and values to 8,192 characters', () => {
    const name = 'n'.repeat(256);
    const value = 'v'.repeat(8_192);
    expect(issuesOf(schema, { [name]: value })).toEqual([]);
    expect(issuesOf(schema, { [`${name}n`]: '' })).toEqual([
      `${name}n: name must have at most 256 characters`,
    ]);
    expect(issuesOf(schema, { a: `${value}v` })).toEqual(['a: value must have at most 8192 characters']);
  });

  test('accepts 64 headers, but not 65', () => {
    const headers = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`x-${i}`, '']));
    expect(issuesOf(schema, headers(64))).toEqual([]);
    expect(issuesOf(schema, headers(65))).toEqual([': must have at most 64 headers, got 65']);
  });

  test('reports one issue for 100,000 invalid headers', () => {
    const headers = Object.fromEntries(Array.from({ length: 100_000 }, (_, n) => [`a ${n}`, n]));
    expect(issuesOf(schema, headers)).toEqual([': must have at most 64 headers, got 100000']);
  });

  test('accepts only headers that fetch can send', () => {
    const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 6 }), fc.stringMatching(/^[\t -~]{0,8}$/));
    fc.assert(
      fc.property(text, text, (name, value) => {
        // `Headers` trims values and throws for headers that no HTTP client can send.
        const accepted = issuesOf(schema, { [name]: value }).length === 0 && name !== '__proto__';
        if (accepted)
          expect(new Headers({ [name]: value }).get(name)).toBe(value.replace(/^[\t ]+|[\t ]+$/g, ''));
        if (/[\r\n]/.test(name + value)) expect(accepted).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('storedHeaderMapSchema', () => {
  test.each<[string, unknown, Record<string, string>]>([
    ['an object', { 'X-A': '1' }, { 'X-A': '1' }],
    ['an empty object', {}, {}],
    ['JSON null', null, {}],
    ['undefined', undefined, {}],
    ['an array', ['X-A', '1'], {}],
    ['an array of objects', [{ 'X-A': '1' }], {}],
    ['a string', 'X-A: 1', {}],
    ['a number', 5, {}],
    ['a boolean', true, {}],
    ['an object with numbers', { 'X-A': 1, 'X-B': 'b' }, { 'X-B': 'b' }],
    [
      'an object with nulls, objects, arrays and booleans',
      { a: null, b: {}, c: ['c'], d: true, e: 'kept', f: '' },
      { e: 'kept', f: '' },
    ],
    ['names that requests must not use', { Host: 'a', 'webhook-id': 'b' }, { Host: 'a', 'webhook-id': 'b' }],
    ['illegal names and values', { 'a b': 'ü\n' }, { 'a b': 'ü\n' }],
  ])('keeps the string values of %s', (_, stored, headers) => {
    expect(storedHeaderMapSchema.parse(stored)).toEqual(headers);
  });

  test('keeps names that are also properties of Object.prototype', () => {
    const stored: unknown = JSON.parse('{"__proto__": "a", "constructor": "b"}');
    expect(Object.entries(storedHeaderMapSchema.parse(stored))).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
  });

  test('returns only string values for any JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (stored) => {
        const headers = storedHeaderMapSchema.parse(stored);
        expect(Object.values(headers).every((value) => typeof value === 'string')).toBe(true);
      }),
    );
  });
});
