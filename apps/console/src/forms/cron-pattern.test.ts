import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cronOf, type CronPattern, MINUTE_STEPS, patternOf, WEEKDAYS } from './cron-pattern.ts';

const time = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
  .map((parts) => parts.map((part) => String(part).padStart(2, '0')).join(':'));

const pattern: fc.Arbitrary<CronPattern> = fc.oneof(
  fc.record({ kind: fc.constant('minutes' as const), every: fc.constantFrom(...MINUTE_STEPS) }),
  fc.record({ kind: fc.constant('hourly' as const), minute: fc.integer({ min: 0, max: 59 }) }),
  fc.record({ kind: fc.constantFrom('daily' as const, 'weekdays' as const), time }),
  fc.record({
    kind: fc.constant('weekly' as const),
    time,
    days: fc.subarray([...WEEKDAYS], { minLength: 1 }),
  }),
  fc.record({ kind: fc.constant('monthly' as const), time, day: fc.integer({ min: 1, max: 31 }) }),
);

test('every pattern is found again in its expression', () => {
  fc.assert(
    fc.property(pattern, (original) => {
      expect(patternOf(cronOf(original))).toEqual(original);
    }),
  );
});

test.each([
  '0 9 1 1 *',
  '0 9 * * MON#1',
  '*/7 * * * *',
  '@daily',
  '0 0 9 * * *',
  '09 9 * * *',
  '60 * * * *',
  '',
])('no pattern says %p', (cron) => {
  expect(patternOf(cron)).toBeUndefined();
});

test('spaces do not matter', () => {
  expect(patternOf(' 30  2 * *  * ')).toEqual({ kind: 'daily', time: '02:30' });
});
