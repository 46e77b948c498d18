import { describe, expect, test } from '@jest/globals';
import { Cron } from 'croner';
import fc from 'fast-check';
import { parseCronExpression } from './cron-expression.ts';
import { matchesDay, nextDay } from './day-pattern.ts';

const DAY_MS = 86_400_000;

const dayOfMonth = fc.oneof(
  fc.constantFrom('*', 'L', 'LW', '*/3', '1-7', '29,30,31', 'L,15', '10-20/5'),
  fc.integer({ min: 1, max: 31 }).map(String),
  fc.integer({ min: 1, max: 31 }).map((day) => `${day}W`),
);
const month = fc.oneof(
  fc.constantFrom('*', '2', '*/5', 'JAN,FEB', '6-9'),
  fc.integer({ min: 1, max: 12 }).map(String),
);
const dayOfWeek = fc.oneof(
  fc.constantFrom('*', '1-5', 'SUN', '7', 'FRI#2', 'MON#5', '5L', '+MON', '+5L', 'SAT,SUN', '*/2'),
  fc.integer({ min: 0, max: 7 }).map(String),
);
const year = fc.constantFrom('*', '*', '2027', '2026-2030', '*/4');

describe('days of a cron expression', () => {
  test('every day is one of the expression exactly if croner says so', () => {
    fc.assert(
      fc.property(
        dayOfMonth,
        month,
        dayOfWeek,
        year,
        fc.integer({ min: 0, max: 30_000 }),
        (dom, mon, dow, y, from) => {
          const text = `0 0 0 ${dom} ${mon} ${dow} ${y}`;
          const { days } = parseCronExpression(text);
          const cron = new Cron(text, { utcOffset: 0 });
          for (let day = from; day < from + 120; day += 1)
            expect([text, day, matchesDay(days, day)]).toEqual([
              text,
              day,
              cron.match(new Date(day * DAY_MS)),
            ]);
          const next = cron.nextRun(new Date(from * DAY_MS - 1_000));
          expect(nextDay(days, from)).toBe(next === null ? undefined : next.getTime() / DAY_MS);
        },
      ),
      { numRuns: 200, seed: 13 },
    );
  });

  test('a day that no year has is not searched for beyond the cycle of the calendar', () => {
    expect(nextDay(parseCronExpression('0 0 30 2 *').days, 0)).toBeUndefined();
    expect(nextDay(parseCronExpression('0 0 0 31 4 * 9999').days, 0)).toBeUndefined();
    expect(nextDay(parseCronExpression('0 0 29 2 +MON').days, 0)).toBe(Date.UTC(1988, 1, 29) / DAY_MS);
  });
});
