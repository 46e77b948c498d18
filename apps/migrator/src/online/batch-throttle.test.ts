import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { nextBatchRows, restAfter } from './batch-throttle.ts';
import { DEFAULT_PACE } from './online-context.ts';

const pace = { ...DEFAULT_PACE, targetBatchMs: 100 };

describe('nextBatchRows', () => {
  test('aims at the target time, and at most doubles or halves', () => {
    expect(nextBatchRows(1_000, 100, pace)).toBe(1_000);
    expect(nextBatchRows(1_000, 80, pace)).toBe(1_250);
    expect(nextBatchRows(1_000, 1, pace)).toBe(2_000);
    expect(nextBatchRows(1_000, 60_000, pace)).toBe(500);
  });

  test('settles at the target for any constant speed within its bounds', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20_000 }),
        fc.double({ min: 0.01, max: 1.9, noNaN: true }),
        (first, msPerRow) => {
          let rows = first;
          for (let batch = 0; batch < 40; batch++) rows = nextBatchRows(rows, rows * msPerRow, pace);
          expect(rows).toBeGreaterThanOrEqual(50);
          expect(rows).toBeLessThanOrEqual(20_000);
          if (rows < 20_000) expect(Math.abs(rows * msPerRow - 100)).toBeLessThan(Math.max(2, msPerRow));
        },
      ),
    );
  });
});

test('restAfter rests for a part of the batch, never long after one that was held up', () => {
  expect(restAfter(100, pace)).toBe(20);
  expect(restAfter(60_000, pace)).toBe(40);
});
