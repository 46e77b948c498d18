import { bucketOf, type CountedMinute, LATENESS_BUCKETS } from '@timer-platform/database';

const MINUTE_MS = 60_000;
/** Minutes that could not be written yet. Older ones are lost. */
const MAX_UNWRITTEN = 10;

interface Counts {
  minuteMs: number;
  delivered: number;
  retried: number;
  failed: number;
  deferred: number;
  readonly lateness: number[];
  isWritten: boolean;
}

function emptyMinute(minuteMs: number): Counts {
  const lateness = new Array<number>(LATENESS_BUCKETS).fill(0);
  return { minuteMs, delivered: 0, retried: 0, failed: 0, deferred: 0, lateness, isWritten: true };
}

/** Counts what this process does in each minute. On the hot path: only numbers in arrays. */
export class MinuteCounts {
  #current = emptyMinute(Number.NEGATIVE_INFINITY);
  #earlier: Counts[] = [];

  /**
   * To be called several times per minute: what is counted belongs to the minute of the last call.
   *
   * @param nowMs the database's clock, in milliseconds since 1970
   */
  advance(nowMs: number): void {
    const minuteMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
    // A clock that was set back does not take back what was counted.
    if (minuteMs <= this.#current.minuteMs) return;
    if (this.#current.minuteMs === Number.NEGATIVE_INFINITY) {
      // What was counted before the first call.
      this.#current.minuteMs = minuteMs;
      return;
    }
    this.#earlier = [...this.#earlier, this.#current]
      .filter(({ isWritten }) => !isWritten)
      .slice(-MAX_UNWRITTEN);
    this.#current = emptyMinute(minuteMs);
  }

  started(lateMs: number): void {
    const bucket = bucketOf(lateMs);
    this.#current.lateness[bucket] = (this.#current.lateness[bucket] ?? 0) + 1;
    this.#current.isWritten = false;
  }

  count(what: 'delivered' | 'retried' | 'failed' | 'deferred', times = 1): void {
    this.#current[what] += times;
    this.#current.isWritten = false;
  }

  /** The minutes that have changed since they were last taken. If they cannot be written, they must be put back. */
  takeChanged(): CountedMinute[] {
    const changed = [...this.#earlier, this.#current].filter(({ isWritten }) => !isWritten);
    for (const minute of changed) minute.isWritten = true;
    return changed.map((minute) => ({ ...minute, lateness: [...minute.lateness] }));
  }

  putBack(minutes: readonly CountedMinute[]): void {
    const unwritten = new Set(minutes.map(({ minuteMs }) => minuteMs));
    for (const minute of [...this.#earlier, this.#current])
      if (unwritten.has(minute.minuteMs)) minute.isWritten = false;
  }
}
