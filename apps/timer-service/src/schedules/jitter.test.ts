import { expect, test } from '@jest/globals';
import { jitterOf } from './jitter.ts';

const SCHEDULE = '0198c0de-0000-7000-8000-000000000001';

test('jitter spreads schedules evenly and stays below its limit and the gap', () => {
  const jitters = Array.from({ length: 1_000 }, (_, index) =>
    jitterOf(`schedule ${index}`, 1_000, 86_400_000),
  );
  for (const quarter of [0, 250, 500, 750])
    expect(jitters.filter((ms) => ms >= quarter && ms < quarter + 250).length).toBeGreaterThan(180);
  expect(Math.max(...jitters)).toBeLessThan(1_000);
  expect(jitterOf(SCHEDULE, 60_000, 1_000)).toBeLessThan(1_000);
  expect(jitterOf(SCHEDULE, 60_000, Number.POSITIVE_INFINITY)).toBeGreaterThan(1_000);
  expect(jitterOf(SCHEDULE, 0, 1_000)).toBe(0);
});
