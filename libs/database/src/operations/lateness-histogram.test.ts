import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { bucketOf, LATENESS_BUCKETS, quantile, sumHistograms } from './lateness-histogram.ts';

function histogramOf(latenesses: readonly number[]): number[] {
  const counts = new Array<number>(LATENESS_BUCKETS).fill(0);
  for (const lateMs of latenesses) counts[bucketOf(lateMs)] = (counts[bucketOf(lateMs)] ?? 0) + 1;
  return counts;
}

test.each([
  [-5, 0],
  [0, 0],
  [0.99, 0],
  [1, 1],
  [1.18, 1],
  [1.2, 2],
  [2, 5],
  [86_400_000, 106],
  [Number.MAX_VALUE, 106],
  [Infinity, 106],
  [NaN, 0],
])('a lateness of %d ms is in bucket %i', (lateMs, bucket) => {
  expect(bucketOf(lateMs)).toBe(bucket);
});

const DAY_MS = 86_400_000;

test('a quantile is at most 9.1 % from the exact one, or half a millisecond', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: DAY_MS, noNaN: true }), { minLength: 1 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (latenesses, part) => {
        const sorted = latenesses.toSorted((one, other) => one - other);
        const exact = sorted[Math.max(Math.ceil(part * sorted.length), 1) - 1] ?? NaN;
        const found = quantile(histogramOf(latenesses), part) ?? NaN;
        expect(Math.abs(found - exact)).toBeLessThanOrEqual(Math.max(exact * 0.091, 0.5));
      },
    ),
  );
});

test('nothing has no quantiles', () => {
  expect(quantile([], 0.5)).toBeNull();
  expect(quantile(histogramOf([]), 0.99)).toBeNull();
});

test('the sum of histograms is the histogram of all, also of those that are cut', () => {
  const sum = sumHistograms([histogramOf([1, 5]).slice(0, 20), histogramOf([3_000]), []]);
  expect(sum).toEqual(histogramOf([1, 5, 3_000]));
});
