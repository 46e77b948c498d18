import type { Clock } from './clock.ts';

/** Reads the database's clock by a monotonic clock. */
export interface DatabaseTime {
  /** The database's time or slightly less, in milliseconds since 1970. */
  at(monotonicMs: number): number;
  /** A reading of the database's clock, by the monotonic clock of the process. */
  observe(sample: ClockSample): void;
}

/** One reading of the database's clock. */
export interface ClockSample {
  /** Monotonic milliseconds when the statement was sent. */
  readonly sentMs: number;
  /** Monotonic milliseconds when its result arrived. */
  readonly receivedMs: number;
  /** The database's clock between the two, in milliseconds since 1970. */
  readonly databaseMs: number;
}

/**
 * The time in which timers are due: attempts, their time limits, delays and circuit breakers follow it. It is the time of
 * the process, unless the database runs on another one as well. Leases and the rhythm of polls always follow the process.
 */
export interface Timeline {
  readonly clock: Clock;
  readonly databaseClock: DatabaseTime;
  /** Calls back once after this many milliseconds of this time; returns a function that cancels the call. */
  after(ms: number, call: () => void): () => void;
}
