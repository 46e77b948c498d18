import {
  type ForecastQuery,
  LIMITS,
  parseDuration,
  type ValidationIssue,
} from '@timer-platform/callback-types';

/** Which time a forecast covers, in buckets of equal length. Instants are milliseconds since 1970. */
export interface ForecastWindow {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly bucketMs: number;
  readonly buckets: number;
}

/** Buckets, unless their length is given. */
const DEFAULT_BUCKETS = 60;
const SHORTEST_BUCKET_MS = 1_000;

type WindowResult = { readonly window: ForecastWindow } | { readonly issue: ValidationIssue };

/** Reads a query. @param nowMs the start, by the clock of the database */
export function forecastWindow({ until, bucket }: ForecastQuery, nowMs: number): WindowResult {
  const durationMs = parseDuration(until) ?? Date.parse(until) - nowMs;
  if (!(durationMs > 0)) return { issue: { path: 'query.until', message: 'must be in the future' } };
  if (durationMs > LIMITS.forecastMs)
    return { issue: { path: 'query.until', message: 'must be at most 31 days from now' } };
  const givenMs = bucket === undefined ? undefined : parseDuration(bucket);
  const bucketMs = givenMs ?? Math.max(SHORTEST_BUCKET_MS, Math.ceil(durationMs / DEFAULT_BUCKETS));
  const buckets = Math.ceil(durationMs / bucketMs);
  if (buckets > LIMITS.forecastBuckets) {
    const shortest = Math.ceil(durationMs / LIMITS.forecastBuckets);
    const message = `gives ${buckets} buckets, more than ${LIMITS.forecastBuckets}: must be at least ${shortest}ms`;
    return { issue: { path: 'query.bucket', message } };
  }
  return { window: { fromMs: nowMs, untilMs: nowMs + durationMs, bucketMs, buckets } };
}

/** The start of a bucket. */
export function bucketStartMs({ fromMs, bucketMs }: ForecastWindow, bucket: number): number {
  return fromMs + bucket * bucketMs;
}

/** The end of a bucket; the last one may be shorter. */
export function bucketEndMs(window: ForecastWindow, bucket: number): number {
  return Math.min(window.untilMs, bucketStartMs(window, bucket + 1));
}
