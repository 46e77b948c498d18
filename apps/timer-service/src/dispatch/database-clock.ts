/** One look at the database's clock. */
export interface ClockSample {
  /** Monotonic milliseconds when the statement was sent. */
  readonly sentMs: number;
  /** Monotonic milliseconds when its answer was here. */
  readonly receivedMs: number;
  /** The database's clock in between, in milliseconds since 1970. */
  readonly databaseMs: number;
}

/** How fast two clocks may drift apart: 200 parts per million, more than NTP ever slews a healthy machine. */
const DRIFT = 0.0002;

/**
 * Tells the database's time by this process's monotonic clock, and is never ahead of it.
 *
 * The answer to a statement that read the database's clock proves, at the moment it is here, that the database's clock
 * shows at least that reading. So every sample bounds the offset between the clocks from below (reading − received) and
 * from above (reading − sent). The largest lower bound is the best; it is lowered as it ages, by what the clocks may
 * have drifted apart. A sample whose upper bound is below it proves that the database's clock was set back, and starts
 * anew. This machine's wall clock plays no part.
 */
export class DatabaseClock {
  #offset = Number.NEGATIVE_INFINITY;
  #sampledMs = 0;

  observe({ sentMs, receivedMs, databaseMs }: ClockSample): void {
    const aged = this.#offset - (receivedMs - this.#sampledMs) * DRIFT;
    const setBack = aged > databaseMs - sentMs;
    this.#offset = setBack ? databaseMs - receivedMs : Math.max(aged, databaseMs - receivedMs);
    this.#sampledMs = receivedMs;
  }

  /** The database's time, or a little less; −Infinity before the first sample. */
  at(monotonicMs: number): number {
    return monotonicMs + this.#offset - Math.max(0, monotonicMs - this.#sampledMs) * DRIFT;
  }
}
