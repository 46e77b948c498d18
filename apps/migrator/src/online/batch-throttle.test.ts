import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DEFAULT_THROTTLE, nextBatchRows, pauseAfterBatch } from './batch-throttle.ts';

const throttle = { ...DEFAULT_THROTTLE, targetBatchMs: 100 };

describe('nextBatchRows', () => {
  test('scales towards the target duration, by at most a factor of two', () => {
    expect(nextBatchRows(1_000, 100, throttle)).toBe(1_000);
    expect(nextBatchRows(1_000, 80, throttle)).toBe(1_250);
    expect(nextBatchRows(1_000, 1, throttle)).toBe(2_000);
    expect(nextBatchRows(1_000, 60_000, throttle)).toBe(500);
  });

  test('converges to the target duration at any constant speed, within its bounds', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20_000 }),
        fc.double({ min: 0.01, max: 1.9, noNaN: true }),
        (first, msPerRow) => {
          let rows = first;
          for (let batch = 0; batch < 40; batch++) rows = nextBatchRows(rows, rows * msPerRow, throttle);
          expect(rows).toBeGreaterThanOrEqual(50);
          expect(rows).toBeLessThanOrEqual(20_000);
          if (rows < 20_000) expect(Math.abs(rows * msPerRow - 100)).toBeLessThan(Math.max(2, msPerRow));
        },
      ),
    );
  });
});

test('pauseAfterBatch is a multiple of the batch duration, capped for a batch that was blocked', () => {
  expect(pauseAfterBatch(100, { ...throttle, pauseRatio: 2 })).toBe(200);
  expect(pauseAfterBatch(60_000, { ...throttle, pauseRatio: 2 })).toBe(400);
  expect(pauseAfterBatch(100, { ...throttle, pauseRatio: 0 })).toBe(0);
});
