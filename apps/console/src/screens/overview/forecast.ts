import type { Forecast } from '@timer-platform/callback-types';

interface ForecastTotal {
  readonly pending: number;
  readonly occurrences: number;
  /** Whether any part of it is. */
  readonly estimated: boolean;
}

export function totalOf({ buckets }: Pick<Forecast, 'buckets'>): ForecastTotal {
  return {
    pending: buckets.reduce((sum, bucket) => sum + bucket.pending, 0),
    occurrences: buckets.reduce((sum, bucket) => sum + bucket.occurrences, 0),
    estimated: buckets.some(({ estimated }) => estimated),
  };
}

interface DestinationShare {
  /** null: all others */
  readonly destination: string | null;
  readonly total: number;
  /** Of the largest total shown: 0 to 1. */
  readonly share: number;
}

const MAX_SHOWN = 5;

/** The largest destinations, and the others in one row at the end. */
export function largestDestinations({
  by_destination: all,
}: Pick<Forecast, 'by_destination'>): readonly DestinationShare[] {
  const sorted = (all ?? []).filter(({ total }) => total > 0).sort((a, b) => b.total - a.total);
  const namedOnes = sorted.filter(({ destination }) => destination !== null);
  const shown = namedOnes.slice(0, MAX_SHOWN);
  const rest = sorted.filter((one) => !shown.includes(one)).reduce((sum, { total }) => sum + total, 0);
  const rows = [
    ...shown.map(({ destination, total }) => ({ destination, total })),
    ...(rest > 0 ? [{ destination: null, total: rest }] : []),
  ];
  const largest = Math.max(1, ...rows.map(({ total }) => total));
  return rows.map(({ destination, total }) => ({ destination, total, share: total / largest }));
}
