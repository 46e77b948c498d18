import { describe, expect, test } from '@jest/globals';
import { formatMark, formatMilliseconds, formatRelative } from './format-duration.ts';

describe('a measured time', () => {
  test.each([
    [0, '0 ms'],
    [1.44, '1.4 ms'],
    [12.34, '12 ms'],
    [999.4, '999 ms'],
    [999.6, '1 s'],
    [1_250, '1.25 s'],
    [12_340, '12.3 s'],
    [59_999, '1 min'],
    [60_000, '1 min'],
    [185_000, '3 min 5 s'],
    [3_599_900, '1 h'],
    [5_400_000, '1 h 30 min'],
    [187_200_000, '2 d 4 h'],
    [-4_000, '−4 s'],
  ])('of %d ms is %s', (milliseconds, text) => {
    expect(formatMilliseconds(milliseconds)).toBe(text);
  });
});

test.each([
  [0.1, '0.1 ms'],
  [100, '100 ms'],
  [1_000, '1 s'],
  [100_000, '100 s'],
])('the mark of %d ms is short: %s', (milliseconds, text) => {
  expect(formatMark(milliseconds)).toBe(text);
});

describe('how far an instant is from now', () => {
  test.each([
    [0, 'now'],
    [-999, 'now'],
    [3_000, 'in 3 s'],
    [-59_999, '59 s ago'],
    [180_000, 'in 3 min'],
    [-86_400_000, '24 h ago'],
    [200_000_000, 'in 2 d'],
  ])('%d ms from now is %s', (distance, text) => {
    expect(formatRelative(1_000_000 + distance, 1_000_000)).toBe(text);
  });
});
