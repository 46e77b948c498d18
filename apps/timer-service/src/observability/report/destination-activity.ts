import { bucketOf, LATENESS_BUCKETS, quantile, sumHistograms } from '@timer-platform/database';

/** Attempts are counted in windows of this length: rates cover one to two of them. */
const WINDOW_MS = 30_000;
/** How long the last failure of a destination without attempts is known. */
const REMEMBERED_MS = 600_000;
/** Destinations that are counted at once. Further ones are not, until others are forgotten. */
const MAX_DESTINATIONS = 2_000;

interface Failure {
  /** By the database's clock, in milliseconds since 1970. */
  readonly atMs: number;
  readonly error: string;
}

interface Window {
  attempts: number;
  failures: number;
  readonly durations: number[];
}

interface Activity {
  current: Window;
  previous: Window;
  lastUsedMs: number;
  lastFailure: Failure | undefined;
}

/** What a destination did over the last minute or half. */
export interface DestinationRates {
  readonly attemptsPerMinute: number;
  readonly failuresPerMinute: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly lastFailure: Failure | undefined;
}

function emptyWindow(): Window {
  return { attempts: 0, failures: 0, durations: new Array<number>(LATENESS_BUCKETS).fill(0) };
}

/** Counts the attempts of each destination. Times are milliseconds of a monotonic clock. */
export class DestinationActivity {
  readonly #destinations = new Map<string, Activity>();
  #windowFromMs: number;
  /** The window before began then. */
  #previousFromMs: number;

  constructor(nowMs: number) {
    this.#windowFromMs = nowMs;
    this.#previousFromMs = nowMs;
  }

  /** An attempt ended. */
  ended(destination: string, durationMs: number, failure: Failure | undefined): void {
    const activity = this.#destinations.get(destination) ?? this.#add(destination);
    if (activity === undefined) return;
    const { current } = activity;
    const bucket = bucketOf(durationMs);
    current.attempts += 1;
    current.durations[bucket] = (current.durations[bucket] ?? 0) + 1;
    if (failure === undefined) return;
    current.failures += 1;
    activity.lastFailure = failure;
  }

  /** The destinations that had attempts lately. */
  names(): IterableIterator<string> {
    return this.#destinations.keys();
  }

  ratesOf(destination: string, nowMs: number): DestinationRates {
    const activity = this.#destinations.get(destination);
    if (activity === undefined)
      return { attemptsPerMinute: 0, failuresPerMinute: 0, p50Ms: null, p99Ms: null, lastFailure: undefined };
    const { current, previous, lastFailure } = activity;
    // A process that has just started: not extrapolated from less than a second.
    const perMinute = 60_000 / Math.max(nowMs - this.#previousFromMs, 1_000);
    const durations = sumHistograms([current.durations, previous.durations]);
    return {
      attemptsPerMinute: (current.attempts + previous.attempts) * perMinute,
      failuresPerMinute: (current.failures + previous.failures) * perMinute,
      p50Ms: quantile(durations, 0.5),
      p99Ms: quantile(durations, 0.99),
      lastFailure,
    };
  }

  /** To be called regularly: begins the next window and forgets destinations without attempts. */
  advance(nowMs: number): void {
    if (nowMs - this.#windowFromMs < WINDOW_MS) return;
    this.#previousFromMs = Math.max(this.#windowFromMs, nowMs - 2 * WINDOW_MS);
    this.#windowFromMs = nowMs;
    for (const [name, activity] of this.#destinations) {
      if (activity.current.attempts > 0) activity.lastUsedMs = nowMs;
      activity.previous = activity.current;
      activity.current = emptyWindow();
      const rememberedMs = activity.lastFailure === undefined ? WINDOW_MS : REMEMBERED_MS;
      if (nowMs - activity.lastUsedMs > rememberedMs) this.#destinations.delete(name);
    }
  }

  #add(destination: string): Activity | undefined {
    if (this.#destinations.size >= MAX_DESTINATIONS) return undefined;
    const activity: Activity = {
      current: emptyWindow(),
      previous: emptyWindow(),
      lastUsedMs: this.#windowFromMs,
      lastFailure: undefined,
    };
    this.#destinations.set(destination, activity);
    return activity;
  }
}
