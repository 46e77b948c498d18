import { expect, test } from '@jest/globals';
import { type Arrivals, countDeliveryErrors, latenessOf, rateOf } from './arrivals.ts';

const arrivals: Arrivals = {
  n: Float64Array.of(0, 1, 1, 3),
  dueMs: Float64Array.of(1_000, 1_001, 1_001, 1_003),
  arrivedMs: Float64Array.of(1_000.5, 1_000.9, 1_500, 2_000.5),
};

test('countDeliveryErrors counts missing, duplicate and early callbacks', () => {
  expect(countDeliveryErrors(arrivals, 4)).toEqual({ missing: 1, duplicates: 1, early: 1 });
});

test('rateOf covers the time from the first to the last arrival', () => {
  expect(rateOf(arrivals)).toBeCloseTo(3);
});

test('latenessOf subtracts the due instant from the arrival', () => {
  expect([...latenessOf(arrivals)].map((late) => Number(late.toFixed(3)))).toEqual([0.5, -0.1, 499, 997.5]);
});
