import type { Stats } from '@timer-platform/callback-types';
import {
  countDueTimers,
  countExecutingTimers,
  countTimersByState,
  type Database,
  sampledPercent,
  sampleStates,
} from '@timer-platform/database';
import type { Clock } from '../../clock.ts';
import { isWorthCounting, mergeCounts, type SampledStates, statesToCount } from './merge-counts.ts';
import { RecentResult } from './recent-result.ts';

/** Pages of the table that are read; a table that has no more is counted exactly. */
const SAMPLED_PAGES = 2_000;
/** A table that has no more pages is counted whenever it is asked for: some thousand timers, in 3 ms. */
const SMALL_TABLE_PAGES = 250;
/** How long the numbers of a larger table are used. */
const SAMPLE_MAX_AGE_MS = 5_000;

/** Counts the timers. */
export type CountsReader = () => Promise<Pick<Stats, 'counts' | 'due'>>;

/**
 * Returns a function that counts the timers by state at a cost that does not grow with the table. What is few is counted by
 * index, the rest is estimated by a part of the pages.
 */
export function countsReader(db: Database, clock: Clock): CountsReader {
  async function readSample(percent: number): Promise<SampledStates> {
    return { percent, counts: await sampleStates(db, percent) };
  }
  let percent = 100;
  const recent = new RecentResult(() => readSample(percent), SAMPLE_MAX_AGE_MS, clock);
  return async () => {
    const part = await sampledPercent(db, SMALL_TABLE_PAGES);
    percent = Math.min(100, (part * SAMPLED_PAGES) / SMALL_TABLE_PAGES);
    const sample = part >= 100 ? await readSample(percent) : await recent.get();
    const states = statesToCount(sample);
    const [indexed, due, executing] = await Promise.all([
      countTimersByState(db, states),
      sample.percent >= 100 || isWorthCounting(sample, 'due') ? countDueTimers(db) : null,
      countExecutingTimers(db),
    ]);
    return mergeCounts({ sample, indexed, due, executing });
  };
}
