import { expect, test } from '@jest/globals';
import { parseRetryAfter } from './retry-after.ts';

const NOW = Date.UTC(1994, 10, 6, 8, 49, 0);

test.each([
  [undefined, null],
  ['120', 120_000],
  ['0', 0],
  [' 7 ', 7_000],
  ['99999999999999999999', Number.MAX_SAFE_INTEGER],
  ['Sun, 06 Nov 1994 08:49:37 GMT', 37_000],
  ['Sunday, 06-Nov-94 08:49:37 GMT', 37_000],
  ['Sun Nov  6 08:49:37 1994', 37_000],
  ['Sun, 06 Nov 1994 08:48:00 GMT', 0],
  ['', null],
  ['-1', null],
  ['1.5', null],
  ['1e3', null],
  ['soon', null],
  ['1994-11-06', null],
  ['Sun, 99 Foo 1994 08:49:37 GMT', null],
])('parses %j as %j', (value, expected) => {
  expect(parseRetryAfter(value, NOW)).toBe(expected);
});
