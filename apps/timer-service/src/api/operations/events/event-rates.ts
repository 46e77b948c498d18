import type { DispatchMinute } from '@timer-platform/database';

/** What happened per second, on average over the last seconds. */
export interface Rates {
  readonly delivered_per_second: number;
  readonly retried_per_second: number;
  readonly failed_per_second: number;
}

/** Dispatchers write their minutes every two seconds, each at another moment: so the average covers several of them. */
const WINDOW_MS = 10_000;
const FIELDS = ['delivered', 'retried', 'failed'] as const;
type Totals = Record<(typeof FIELDS)[number], number>;

const nothing = (): Totals => ({ delivered: 0, retried: 0, failed: 0 });

function sumByMinute(rows: readonly DispatchMinute[]): Map<number, Totals> {
  const sums = new Map<number, Totals>();
  for (const row of rows) {
    const sum = sums.get(row.minuteMs) ?? nothing();
    for (const field of FIELDS) sum[field] += row[field];
    sums.set(row.minuteMs, sum);
  }
  return sums;
}

/** Derives rates from the counts of the last minutes, which it is given again and again. */
export class EventRates {
  #minutes: ReadonlyMap<number, Totals> | undefined;
  readonly #total = nothing();
  #points: { readonly atMs: number; readonly total: Totals }[] = [];

  /** @param nowMs on a monotonic clock */
  after(rows: readonly DispatchMinute[], nowMs: number): Rates {
    const minutes = sumByMinute(rows);
    // What was there before the first look has happened at an unknown time.
    for (const [minute, sum] of this.#minutes === undefined ? [] : minutes)
      for (const field of FIELDS)
        this.#total[field] += Math.max(0, sum[field] - (this.#minutes?.get(minute)?.[field] ?? 0));
    this.#minutes = minutes;
    this.#points = [
      ...this.#points.filter(({ atMs }) => nowMs - atMs <= WINDOW_MS),
      { atMs: nowMs, total: { ...this.#total } },
    ];
    const [oldest] = this.#points;
    const seconds = (nowMs - (oldest?.atMs ?? nowMs)) / 1_000;
    const rateOf = (field: (typeof FIELDS)[number]): number =>
      seconds === 0 ? 0 : Number(((this.#total[field] - (oldest?.total[field] ?? 0)) / seconds).toFixed(2));
    return {
      delivered_per_second: rateOf('delivered'),
      retried_per_second: rateOf('retried'),
      failed_per_second: rateOf('failed'),
    };
  }
}
