/**
 * Histograms of lateness: arrays of counts, as in `dispatch_minutes.lateness`. Bucket 0 holds what is less than 1 ms late,
 * bucket n what is at least 2^((n-1)/4) ms and less than 2^(n/4) ms late, the last one everything from about a day on.
 */
const BUCKETS_PER_DOUBLING = 4;

/** Buckets of a histogram. Stored ones may be shorter: the rest of their counts are 0. */
export const LATENESS_BUCKETS = 107;

/** The bucket of a lateness in milliseconds. What is negative or not a number counts as 0. */
export function bucketOf(latenessMs: number): number {
  if (!(latenessMs >= 1)) return 0;
  return Math.min(1 + Math.floor(Math.log2(latenessMs) * BUCKETS_PER_DOUBLING), LATENESS_BUCKETS - 1);
}

/** The sum of histograms of any lengths. */
export function sumHistograms(histograms: Iterable<readonly number[]>): number[] {
  const sum = new Array<number>(LATENESS_BUCKETS).fill(0);
  for (const counts of histograms)
    for (let bucket = 0; bucket < LATENESS_BUCKETS; bucket += 1)
      sum[bucket] = (sum[bucket] ?? 0) + (counts[bucket] ?? 0);
  return sum;
}

/** The middle of a bucket, by ratio: at most a factor of 2^(1/8) from what is in it. */
function middleOf(bucket: number): number {
  return bucket === 0 ? 0.5 : 2 ** ((bucket - 0.5) / BUCKETS_PER_DOUBLING);
}

/**
 * The lateness in milliseconds that a part of all attempts does not exceed. From 1 ms to a day, at most 9.1 % from the exact
 * one; below, at most 0.5 ms.
 *
 * @param part from 0 to 1, such as 0.99
 * @returns null if nothing was counted
 */
export function quantile(counts: readonly number[], part: number): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  const rank = Math.min(Math.max(Math.ceil(part * total), 1), total);
  let seen = 0;
  for (const [bucket, count] of counts.entries()) {
    seen += count;
    if (seen >= rank) return middleOf(bucket);
  }
  return middleOf(LATENESS_BUCKETS - 1);
}
