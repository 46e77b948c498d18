import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DatabaseClock } from './database-clock.ts';

describe('DatabaseClock', () => {
  test('is −Infinity before the first sample', () => {
    expect(new DatabaseClock().at(1_000)).toBe(Number.NEGATIVE_INFINITY);
  });

  test('assumes that the clock was read when the result arrived', () => {
    const clock = new DatabaseClock();
    clock.observe({ sentMs: 100, receivedMs: 140, databaseMs: 5_000 });
    expect(clock.at(140)).toBe(5_000);
    expect(clock.at(1_140)).toBeCloseTo(6_000, 0);
  });

  test('a faster round trip makes it more precise, a slower one does not make it less precise', () => {
    const clock = new DatabaseClock();
    clock.observe({ sentMs: 0, receivedMs: 50, databaseMs: 1_010 });
    clock.observe({ sentMs: 100, receivedMs: 101, databaseMs: 1_100.5 });
    expect(clock.at(101)).toBe(1_100.5);
    clock.observe({ sentMs: 200, receivedMs: 290, databaseMs: 1_201 });
    expect(clock.at(290)).toBeGreaterThan(1_289);
  });

  test('follows a database clock that is set back by minutes, and one that is set forward', () => {
    const clock = new DatabaseClock();
    clock.observe({ sentMs: 0, receivedMs: 1, databaseMs: 1_000_000 });
    clock.observe({ sentMs: 1_000, receivedMs: 1_001, databaseMs: 700_000 });
    expect(clock.at(1_001)).toBe(700_000);
    clock.observe({ sentMs: 2_000, receivedMs: 2_001, databaseMs: 9_000_000 });
    expect(clock.at(2_001)).toBe(9_000_000);
  });

  test('a reading from before a step back that arrives after one from after it changes nothing', () => {
    const clock = new DatabaseClock();
    clock.observe({ sentMs: 0, receivedMs: 1, databaseMs: 1_000_000 });
    const stalled = { sentMs: 900, receivedMs: 1_200, databaseMs: 1_000_900 };
    clock.observe({ sentMs: 1_000, receivedMs: 1_001, databaseMs: 700_000 });
    clock.observe(stalled);
    expect(clock.at(1_200)).toBeLessThanOrEqual(700_199);
    clock.observe({ sentMs: 1_300, receivedMs: 1_301, databaseMs: 700_300 });
    expect(clock.at(1_301)).toBe(700_300);
  });

  test('is never ahead of the database, for any network delay and any drift within the limit', () => {
    const step = fc.record({
      pauseMs: fc.double({ min: 0, max: 5_000, noNaN: true }),
      requestMs: fc.double({ min: 0, max: 200, noNaN: true }),
      responseMs: fc.double({ min: 0, max: 200, noNaN: true }),
    });
    const drift = fc.double({ min: -0.0002, max: 0.0002, noNaN: true });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 50 }), drift, (steps, ppm) => {
        const database = (monotonicMs: number) => 1_000_000 + monotonicMs * (1 + ppm);
        const clock = new DatabaseClock();
        let now = 0;
        for (const { pauseMs, requestMs, responseMs } of steps) {
          const sentMs = now + pauseMs;
          const receivedMs = sentMs + requestMs + responseMs;
          clock.observe({ sentMs, receivedMs, databaseMs: database(sentMs + requestMs) });
          now = receivedMs;
          for (const later of [0, 1, 1_000, 60_000])
            expect(clock.at(now + later)).toBeLessThanOrEqual(database(now + later) + 1e-6);
        }
      }),
    );
  });
});
