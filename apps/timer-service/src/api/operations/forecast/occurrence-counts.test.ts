import { describe, expect, test } from '@jest/globals';
import type { ForecastSchedule } from '@timer-platform/database';
import fc from 'fast-check';
import type { ForecastWindow } from './forecast-window.ts';
import { countIntervals } from './interval-counts.ts';
import { countAllOccurrences } from './occurrence-counts.ts';
import { countOccurrences } from './schedule-counts.ts';
import { scheduleTiming } from './schedule-timing.ts';

/** A Thursday. */
const NOW = Date.parse('2030-01-31T09:00:00.000Z');
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const windowOf = (bucketMs: number, buckets: number): ForecastWindow => ({
  fromMs: NOW,
  untilMs: NOW + bucketMs * buckets,
  bucketMs,
  buckets,
});

const scheduleOf = (recurrence: object, more: Partial<ForecastSchedule> = {}): ForecastSchedule => ({
  id: '019ab3c4-6e0f-7c11-9a51-0b2d5f5f3c5e',
  recurrence: recurrence as ForecastSchedule['recurrence'],
  timeZone: 'UTC',
  startAtMs: null,
  endAtMs: null,
  afterMs: NOW - 1_000,
  remaining: null,
  jitterMs: 0,
  destination: null,
  ...more,
});

function countsOf(schedule: ForecastSchedule, window: ForecastWindow) {
  const timing = scheduleTiming(schedule, window.fromMs);
  return timing === undefined ? undefined : countOccurrences(timing, window);
}

test('intervals are counted as if one by one', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.nat(49),
      fc.integer({ min: -100, max: 1_000 }),
      fc.nat(500),
      (every, phase, after, length) => {
        let count = 0;
        for (let at = after + 1; at < after + length; at += 1) if ((at - phase) % every === 0) count += 1;
        expect(countIntervals(every, phase, after, after + length)).toBe(count);
      },
    ),
  );
});

describe('the occurrences of a schedule', () => {
  test('of which there are few are exact', () => {
    const window = windowOf(6 * HOUR_MS, 8);
    expect(countsOf(scheduleOf({ cron: ['0 10 * * *', '0 22 * * *'] }), window)).toEqual({
      counts: [1, 0, 1, 0, 1, 0, 1, 0],
      exactBuckets: 8,
    });
  });

  test('of an interval are exact, however many they are', () => {
    const counts = countsOf(scheduleOf({ every_ms: 1_000 }), windowOf(DAY_MS, 31));
    expect(counts).toEqual({ counts: new Array<number>(31).fill(86_400), exactBuckets: 31 });
  });

  test('of which there are many are estimated, with nights and weekends', () => {
    const found = countsOf(scheduleOf({ cron: ['* 9-16 * * MON-FRI'] }), windowOf(12 * HOUR_MS, 8));
    expect(found?.exactBuckets).toBe(0);
    const [thursday, night, friday, ...weekend] = found?.counts ?? [];
    // 480 minutes of work, in parts of three hours.
    for (const day of [thursday, friday]) expect(Math.abs((day ?? 0) - 480)).toBeLessThanOrEqual(120);
    expect(night).toBe(0);
    expect(weekend.slice(0, 3)).toEqual([0, 0, 0]);
  });

  test('start after what was decided, and end with the schedule or its number of occurrences', () => {
    const window = windowOf(60_000, 4);
    const counts = (more: Partial<ForecastSchedule>) =>
      countsOf(scheduleOf({ every_ms: 30_000 }, more), window)?.counts;
    expect(counts({ afterMs: NOW + 60_000 })).toEqual([0, 1, 2, 2]);
    expect(counts({ startAtMs: NOW + 60_000 })).toEqual([0, 2, 2, 2]);
    expect(counts({ endAtMs: NOW + 60_000 })).toEqual([2, 1, 0, 0]);
    expect(counts({ remaining: 5 })).toEqual([2, 2, 1, 0]);
    const cron = countsOf(scheduleOf({ cron: ['* * * * *'] }, { remaining: 2, afterMs: NOW }), window);
    expect(cron?.counts).toEqual([0, 1, 1, 0]);
  });

  test('are later by jitter', () => {
    const schedule = scheduleOf({ cron: ['1 9 * * *'] }, { jitterMs: HOUR_MS });
    const [first = 0, ...others] = countsOf(schedule, windowOf(60_000, 61))?.counts ?? [];
    expect(first).toBe(0);
    expect(others.reduce((sum, count) => sum + count, 0)).toBe(1);
    expect(others[0]).toBe(0);
  });

  test('that cannot be read are none', () => {
    expect(countsOf(scheduleOf({ lunar: 'phase' }), windowOf(60_000, 1))).toBeUndefined();
    expect(
      countsOf(scheduleOf({ cron: ['* * * * *'] }, { timeZone: 'Mars/Olympus' }), windowOf(60_000, 1)),
    ).toBeUndefined();
  });
});

describe('all occurrences', () => {
  const hundred = Array.from({ length: 100 }, (_, index) =>
    scheduleOf(
      { cron: [`${index % 60} * * * *`] },
      {
        id: `019ab3c4-6e0f-7c11-9a51-${String(index * 7_919).padStart(12, '0')}`,
        destination: index % 2 === 0 ? 'a' : null,
      },
    ),
  );
  const window = windowOf(HOUR_MS, 3);

  test('are added up by destination', async () => {
    const found = await countAllOccurrences(hundred, 100, window, { monotonicMs: () => 0 });
    expect([...found.byDestination]).toEqual(
      expect.arrayContaining([
        ['a', [50, 50, 50]],
        [null, [50, 50, 50]],
      ]),
    );
    expect(found.exactBuckets).toBe(3);
  });

  test('of schedules that were not read are estimated by the others', async () => {
    const found = await countAllOccurrences(hundred, 1_000, window, { monotonicMs: () => 0 });
    expect(found.byDestination.get('a')).toEqual([500, 500, 500]);
    expect(found.exactBuckets).toBe(0);
  });

  test('are estimated when the search takes too long', async () => {
    let calls = 0;
    const slow = { monotonicMs: () => (calls += 1) * 10 };
    const found = await countAllOccurrences(hundred, 100, window, slow);
    expect(calls).toBeLessThan(20);
    expect(found.exactBuckets).toBe(0);
    const sums = [...found.byDestination.values()].map((counts) => counts[0] ?? 0);
    expect(sums.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(90);
  });
});
