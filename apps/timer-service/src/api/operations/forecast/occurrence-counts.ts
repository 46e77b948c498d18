import { type ForecastSchedule, turnTaker } from '@timer-platform/database';
import type { Clock } from '../../../clock.ts';
import type { ForecastWindow } from './forecast-window.ts';
import { countOccurrences, type ScheduleCounts } from './schedule-counts.ts';
import { scheduleTiming } from './schedule-timing.ts';

/** Occurrences of schedules by bucket and destination. */
export interface OccurrenceCounts {
  readonly byDestination: ReadonlyMap<string | null, readonly number[]>;
  /** From this bucket on, the counts are estimates. */
  readonly exactBuckets: number;
}

/** How long occurrences are searched, in milliseconds. */
const MAX_SEARCH_MS = 100;

/** In an order that has nothing to do with when they were stored: the first ones stand for all. */
function shuffled(schedules: readonly ForecastSchedule[]): ForecastSchedule[] {
  return schedules.toSorted((one, other) => (one.id.slice(-12) < other.id.slice(-12) ? -1 : 1));
}

function add(
  sums: Map<string | null, number[]>,
  destination: string | null,
  counts: readonly number[],
): void {
  const sum = sums.get(destination);
  if (sum === undefined) sums.set(destination, [...counts]);
  else for (const [bucket, count] of counts.entries()) sum[bucket] = (sum[bucket] ?? 0) + count;
}

/**
 * Counts the occurrences of schedules that are not stored yet, in turns of the event loop. When that takes too long, those of
 * the rest are estimated by the schedules that were looked at.
 *
 * @param total how many schedules there are, which may be more than were read
 */
export async function countAllOccurrences(
  schedules: readonly ForecastSchedule[],
  total: number,
  window: ForecastWindow,
  clock: Pick<Clock, 'monotonicMs'>,
): Promise<OccurrenceCounts> {
  const giveUpMs = clock.monotonicMs() + MAX_SEARCH_MS;
  const endTurn = turnTaker();
  const known = new Map<string, ScheduleCounts>();
  const sums = new Map<string | null, number[]>();
  let exactBuckets = window.buckets;
  let counted = 0;
  for (const schedule of shuffled(schedules)) {
    if (clock.monotonicMs() > giveUpMs) break;
    counted += 1;
    const timing = scheduleTiming(schedule, window.fromMs);
    if (timing === undefined) continue;
    const counts = known.get(timing.key) ?? countOccurrences(timing, window);
    known.set(timing.key, counts);
    exactBuckets = Math.min(exactBuckets, counts.exactBuckets);
    add(sums, schedule.destination, counts.counts);
    await endTurn();
  }
  if (counted === total) return { byDestination: sums, exactBuckets };
  const factor = total / Math.max(1, counted);
  for (const [destination, counts] of sums)
    sums.set(
      destination,
      counts.map((count) => Math.round(count * factor)),
    );
  return { byDestination: sums, exactBuckets: 0 };
}
