import type { Recurrence } from '../../../schedules/recurrence/index.ts';
import { bucketEndMs, bucketStartMs, type ForecastWindow } from './forecast-window.ts';
import { countIntervals } from './interval-counts.ts';
import type { ScheduleTiming } from './schedule-timing.ts';

/** Occurrences of one schedule by bucket. */
export interface ScheduleCounts {
  readonly counts: readonly number[];
  /** From this bucket on, the counts are estimates. */
  readonly exactBuckets: number;
}

/** Occurrences that are searched one after the other. */
const MAX_STEPS = 200;
/** Parts of each of the following buckets that are looked at: working hours are not a part of nights. */
const PARTS_PER_BUCKET = 4;

/** How many occurrences there are between two instants: none, one, or as many as the first two suggest. */
function probePart(recurrence: Recurrence, startMs: number, endMs: number): number {
  const first = recurrence.next(startMs - 1);
  if (first === undefined || first >= endMs) return 0;
  const second = recurrence.next(first);
  return second === undefined ? 1 : Math.ceil((endMs - first) / (second - first));
}

function probe(recurrence: Recurrence, startMs: number, endMs: number): number {
  const partMs = (endMs - startMs) / PARTS_PER_BUCKET;
  let count = 0;
  for (let part = 0; part < PARTS_PER_BUCKET; part += 1) {
    const fromMs = startMs + Math.floor(part * partMs);
    count += probePart(recurrence, fromMs, startMs + Math.floor((part + 1) * partMs));
  }
  return count;
}

/** One by one at first, then by the first ones in parts of each bucket. */
function searched({ recurrence, afterMs }: ScheduleTiming, window: ForecastWindow): ScheduleCounts {
  const counts = new Array<number>(window.buckets).fill(0);
  let lastMs = Math.max(afterMs, window.fromMs - 1);
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const next = recurrence.next(lastMs);
    if (next === undefined || next >= window.untilMs) return { counts, exactBuckets: window.buckets };
    const bucket = Math.floor((next - window.fromMs) / window.bucketMs);
    counts[bucket] = (counts[bucket] ?? 0) + 1;
    lastMs = next;
  }
  const stopped = Math.floor((lastMs - window.fromMs) / window.bucketMs);
  for (let bucket = stopped; bucket < window.buckets; bucket += 1) {
    const startMs = Math.max(bucketStartMs(window, bucket), lastMs + 1);
    counts[bucket] = (counts[bucket] ?? 0) + probe(recurrence, startMs, bucketEndMs(window, bucket));
  }
  return { counts, exactBuckets: stopped };
}

function computed(
  { everyMs, phaseMs }: { readonly everyMs: number; readonly phaseMs: number },
  { afterMs, lastMs }: ScheduleTiming,
  window: ForecastWindow,
): ScheduleCounts {
  const counts = Array.from({ length: window.buckets }, (_, bucket) => {
    const after = Math.max(afterMs, bucketStartMs(window, bucket) - 1);
    return countIntervals(everyMs, phaseMs, after, Math.min(lastMs + 1, bucketEndMs(window, bucket)));
  });
  return { counts, exactBuckets: window.buckets };
}

/** No more than a number in all, the first ones. */
function limited(counts: readonly number[], limit: number): number[] {
  let left = limit;
  return counts.map((count) => {
    const taken = Math.min(count, Math.max(0, left));
    left -= taken;
    return taken;
  });
}

/** Counts the occurrences of a schedule by bucket. Takes a bounded number of searches. */
export function countOccurrences(timing: ScheduleTiming, window: ForecastWindow): ScheduleCounts {
  const { interval, shiftMs, remaining } = timing;
  const nominal = { ...window, fromMs: window.fromMs - shiftMs, untilMs: window.untilMs - shiftMs };
  const { counts, exactBuckets } =
    interval === null ? searched(timing, nominal) : computed(interval, timing, nominal);
  return { counts: Number.isFinite(remaining) ? limited(counts, remaining) : counts, exactBuckets };
}
