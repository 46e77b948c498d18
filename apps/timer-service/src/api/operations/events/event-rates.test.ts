import { expect, test } from '@jest/globals';
import type { DispatchMinute } from '@timer-platform/database';
import { EventRates } from './event-rates.ts';

const row = (minuteMs: number, delivered: number, failed = 0): DispatchMinute => ({
  ...{ minuteMs, delivered, failed, retried: 0, deferred: 0 },
  lateness: [],
});

test('rates are averages over the last ten seconds, across dispatchers and minutes', () => {
  const rates = new EventRates();
  expect(rates.after([row(0, 500), row(0, 200)], 1_000)).toEqual({
    delivered_per_second: 0,
    retried_per_second: 0,
    failed_per_second: 0,
  });
  expect(rates.after([row(0, 520), row(0, 220, 4)], 3_000)).toMatchObject({
    delivered_per_second: 20,
    failed_per_second: 2,
  });
  // A minute begins; the one before gets its last counts.
  expect(rates.after([row(0, 530), row(0, 220, 4), row(60_000, 30)], 5_000)).toMatchObject({
    delivered_per_second: 20,
    failed_per_second: 1,
  });
  expect(rates.after([row(60_000, 30)], 15_001)).toMatchObject({ delivered_per_second: 0 });
});
