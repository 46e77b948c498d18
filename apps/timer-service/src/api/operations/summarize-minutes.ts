import type { Stats, StatsMinute } from '@timer-platform/callback-types';
import { type DispatchMinute, quantile, sumHistograms } from '@timer-platform/database';

const MINUTE_MS = 60_000;

interface Sums {
  readonly delivered: number;
  readonly retried: number;
  readonly failed: number;
  readonly deferred: number;
  readonly lateness_p50_ms: number | null;
  readonly lateness_p99_ms: number | null;
}

/** The sum of what dispatchers did in some minutes. */
export function sumMinutes(minutes: readonly DispatchMinute[]): Sums {
  const total = (field: 'delivered' | 'retried' | 'failed' | 'deferred'): number =>
    minutes.reduce((sum, minute) => sum + minute[field], 0);
  const lateness = sumHistograms(minutes.map((minute) => minute.lateness));
  return {
    delivered: total('delivered'),
    retried: total('retried'),
    failed: total('failed'),
    deferred: total('deferred'),
    lateness_p50_ms: rounded(quantile(lateness, 0.5)),
    lateness_p99_ms: rounded(quantile(lateness, 0.99)),
  };
}

/** Quantiles of a histogram have no more digits. */
function rounded(ms: number | null): number | null {
  return ms === null ? null : Number(ms.toPrecision(3));
}

/**
 * The last minutes of all dispatchers together, oldest first. Minutes in which nothing happened have zeros.
 *
 * @param nowMs in the last of them, in milliseconds since 1970
 */
export function fillMinutes(rows: readonly DispatchMinute[], nowMs: number, count: number): StatsMinute[] {
  const lastMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
  const byMinute = groupByMinute(rows);
  return Array.from({ length: count }, (_, index) => {
    const minuteMs = lastMs - (count - 1 - index) * MINUTE_MS;
    return { minute: new Date(minuteMs).toISOString(), ...sumMinutes(byMinute.get(minuteMs) ?? []) };
  });
}

/** The last five minutes, the current one included. */
export function sumLastMinutes(rows: readonly DispatchMinute[], nowMs: number): Stats['last_5_minutes'] {
  const fromMs = Math.floor(nowMs / MINUTE_MS - 4) * MINUTE_MS;
  const sums = sumMinutes(rows.filter(({ minuteMs }) => minuteMs >= fromMs));
  const { delivered, retried, failed, lateness_p50_ms, lateness_p99_ms } = sums;
  return { delivered, retried, failed, lateness_p50_ms, lateness_p99_ms };
}

function groupByMinute(rows: readonly DispatchMinute[]): ReadonlyMap<number, DispatchMinute[]> {
  const groups = new Map<number, DispatchMinute[]>();
  for (const row of rows) {
    const group = groups.get(row.minuteMs);
    if (group === undefined) groups.set(row.minuteMs, [row]);
    else group.push(row);
  }
  return groups;
}
