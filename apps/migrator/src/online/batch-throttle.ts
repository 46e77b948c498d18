import type { Pace } from './online-context.ts';

const limits = { least: 50, most: 20_000 };
/** A batch may grow or shrink by this factor at once, so that one slow batch does not decide. */
const STEP = 2;

/** Rows of the next batch, from what the last one took. Pure. */
export function nextBatchRows(rows: number, tookMs: number, pace: Pace): number {
  const wanted = rows * (pace.targetBatchMs / Math.max(tookMs, 1));
  const gentle = Math.min(Math.max(wanted, rows / STEP), rows * STEP);
  return Math.round(Math.min(Math.max(gentle, limits.least), limits.most));
}

/** Pause after a batch, in milliseconds. Pure. */
export function restAfter(tookMs: number, pace: Pace): number {
  return Math.min(tookMs, pace.targetBatchMs * STEP) * pace.restRatio;
}
