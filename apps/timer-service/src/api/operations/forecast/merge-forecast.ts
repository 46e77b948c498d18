import type { Count, DestinationForecast, Forecast } from '@timer-platform/callback-types';
import type { CountedPending, PendingGroup } from '@timer-platform/database';
import { bucketEndMs, bucketStartMs, type ForecastWindow } from './forecast-window.ts';
import type { OccurrenceCounts } from './occurrence-counts.ts';

/** What was counted and what was sampled. */
export interface ForecastParts {
  readonly window: ForecastWindow;
  readonly counted: CountedPending;
  /** Timers from `counted.exactUntilMs` on in a part of the table; null: there are none. */
  readonly sampled: { readonly groups: readonly PendingGroup[]; readonly percent: number } | null;
  readonly occurrences: OccurrenceCounts;
  readonly overdue: Count;
  readonly paused: Count;
  readonly byDestination: boolean;
}

/** Destinations that are shown by name. */
const MAX_DESTINATIONS = 20;

type Buckets = Map<string | null, number[]>;

function addGroups(buckets: Buckets, length: number, groups: readonly PendingGroup[], factor: number): void {
  for (const { bucket, destination, timers } of groups) {
    const counts = buckets.get(destination) ?? new Array<number>(length).fill(0);
    buckets.set(destination, counts);
    counts[bucket] = (counts[bucket] ?? 0) + timers * factor;
  }
}

/** The sum of several lists of counts. */
function total(lists: Iterable<readonly number[]>, length: number): number[] {
  const sum = new Array<number>(length).fill(0);
  for (const list of lists)
    for (const [bucket, count] of list.entries()) sum[bucket] = (sum[bucket] ?? 0) + count;
  return sum;
}

function destinationForecast(destination: string | null, counts: readonly number[]): DestinationForecast {
  const rounded = counts.map((count) => Math.round(count));
  return { destination, total: rounded.reduce((sum, count) => sum + count, 0), counts: rounded };
}

/** The largest ones by name, and the others together. */
function largestDestinations(
  pending: Buckets,
  occurrences: OccurrenceCounts,
  length: number,
): DestinationForecast[] {
  const { byDestination } = occurrences;
  const names = new Set([...pending.keys(), ...byDestination.keys()]);
  const all = Array.from(names, (name) =>
    destinationForecast(name, total([pending.get(name) ?? [], byDestination.get(name) ?? []], length)),
  ).sort((one, other) => other.total - one.total);
  const named = all.filter(({ destination }) => destination !== null);
  const shown = named.slice(0, MAX_DESTINATIONS);
  const rest = [...named.slice(MAX_DESTINATIONS), ...all.filter(({ destination }) => destination === null)];
  if (rest.length === 0) return shown;
  return [
    ...shown,
    destinationForecast(
      null,
      total(
        rest.map(({ counts }) => counts),
        length,
      ),
    ),
  ];
}

/** Until when all numbers are exact: no bucket is before this only in part. */
function exactUntil({ window, counted, sampled, occurrences }: ForecastParts): number {
  const { exactBuckets } = occurrences;
  const occurrencesMs =
    exactBuckets === window.buckets ? window.untilMs : bucketStartMs(window, exactBuckets);
  // What was sampled of all pages is exact, too.
  const pendingMs = sampled === null || sampled.percent >= 100 ? window.untilMs : counted.exactUntilMs;
  return Math.min(occurrencesMs, pendingMs);
}

/** Puts a forecast together. */
export function mergeForecast(parts: ForecastParts): Forecast {
  const { window, counted, sampled, occurrences, byDestination } = parts;
  const length = window.buckets;
  const pending: Buckets = new Map();
  addGroups(pending, length, counted.groups, 1);
  if (sampled !== null) addGroups(pending, length, sampled.groups, 100 / sampled.percent);
  const pendingCounts = total(pending.values(), length);
  const occurrenceCounts = total(occurrences.byDestination.values(), length);
  const exactUntilMs = exactUntil(parts);
  return {
    from: new Date(window.fromMs).toISOString(),
    until: new Date(window.untilMs).toISOString(),
    bucket_ms: window.bucketMs,
    buckets: pendingCounts.map((count, bucket) => ({
      start: new Date(bucketStartMs(window, bucket)).toISOString(),
      pending: Math.round(count),
      occurrences: occurrenceCounts[bucket] ?? 0,
      estimated: bucketEndMs(window, bucket) > exactUntilMs,
    })),
    by_destination: byDestination ? largestDestinations(pending, occurrences, length) : null,
    overdue: parts.overdue,
    paused: parts.paused,
    exact_until: new Date(Math.max(window.fromMs, exactUntilMs)).toISOString(),
  };
}
