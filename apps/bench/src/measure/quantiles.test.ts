import { describe, expect, test } from '@jest/globals';
import { median, quantile, summarizeDurations } from './quantiles.ts';

describe('quantile', () => {
  const hundred = Float64Array.from({ length: 100 }, (_, i) => i + 1);

  test.each([
    [0, 1],
    [0.5, 50],
    [0.99, 99],
    [0.991, 100],
    [1, 100],
  ])('at %d of 1 to 100 is %d', (share, value) => {
    expect(quantile(hundred, share)).toBe(value);
  });

  test('is NaN for no values', () => {
    expect(quantile([], 0.5)).toBeNaN();
  });
});

test('spreadOf sorts by value, not by text', () => {
  expect(summarizeDurations([10, 9, -1, 100])).toEqual({ count: 4, p50: 9, p99: 100, max: 100 });
});

test('median is in the middle', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([3, 1, 2, 10])).toBe(2.5);
  expect(median([7])).toBe(7);
  expect(median([])).toBeNaN();
});
