import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseQueryString, toQueryString } from './query-string.ts';

test('fields without a value are left out, lists repeat the field', () => {
  expect(toQueryString({ a: 1, b: '', c: null, d: undefined, e: false, ids: ['x', 'y'] })).toBe(
    '?a=1&e=false&ids=x&ids=y',
  );
  expect(toQueryString({})).toBe('');
});

test('any texts survive the address', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ minLength: 1 }), fc.string({ minLength: 1 })), (fields) => {
      expect(new Map(Object.entries(parseQueryString(toQueryString(fields))))).toEqual(
        new Map(Object.entries(fields).map(([name, value]) => [name.toWellFormed(), value.toWellFormed()])),
      );
    }),
  );
});
