import type { ClockSample, DatabaseTime } from '../timeline.ts';

/** The assumed drift between the clocks: 200 ppm, more than NTP slews a healthy machine. */
const DRIFT = 0.0002;

/**
 * Estimates the database's time from the monotonic clock of this process, and is never ahead of it.
 *
 * When the result of a statement that read the database's clock arrives, that clock shows at least the reading. So every
 * sample bounds the offset between the clocks from below (reading − received) and from above (reading − sent). The
 * largest lower bound is the best one; as it ages, it is lowered by the possible drift. A sample whose upper bound is
 * below it proves that the database's clock was set back, and replaces it. What was sent before that is known may be a
 * reading from before, and is ignored. The wall clock of this machine is not used.
 */
export class DatabaseClock implements DatabaseTime {
  #offset = Number.NEGATIVE_INFINITY;
  #sampledMs = 0;
  /** When it was last known that the clock was set back. */
  #setBackMs = Number.NEGATIVE_INFINITY;

  observe({ sentMs, receivedMs, databaseMs }: ClockSample): void {
    if (sentMs < this.#setBackMs) return;
    const aged = this.#offset - (receivedMs - this.#sampledMs) * DRIFT;
    const setBack = aged > databaseMs - sentMs;
    if (setBack) this.#setBackMs = receivedMs;
    this.#offset = setBack ? databaseMs - receivedMs : Math.max(aged, databaseMs - receivedMs);
    this.#sampledMs = receivedMs;
  }

  /** The database's time or slightly less, in milliseconds since 1970; −Infinity before the first sample. */
  at(monotonicMs: number): number {
    return monotonicMs + this.#offset - Math.max(0, monotonicMs - this.#sampledMs) * DRIFT;
  }
}
