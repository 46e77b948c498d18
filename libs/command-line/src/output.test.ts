import { expect, test } from '@jest/globals';
import { formatDuration, toJson } from './output.ts';

test('toJson writes a bigint as a number', () => {
  expect(toJson({ version: 2n })).toBe('{\n  "version": 2\n}');
});

test.each([
  [12.3, '12 ms'],
  [3_400, '3.4 s'],
  [125_000, '2 min 5 s'],
])('formatDuration(%s) is %s', (milliseconds, text) => {
  expect(formatDuration(milliseconds)).toBe(text);
});
