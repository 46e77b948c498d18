import type { Clock } from '../../clock.ts';

interface UnderWay {
  /** By the monotonic clock. */
  readonly deadlineMs: number;
  /** Belongs to {@link AttemptsUnderWay}. */
  position: number;
  expire(): void;
  stop(): void;
}

const CHECK_INTERVAL_MS = 25;

/**
 * Ends attempts at their deadlines, up to 25 ms late. One interval checks all attempts: cheaper than a timer for each,
 * of which nearly all would be canceled.
 */
export class AttemptsUnderWay {
  readonly #clock: Clock;
  /**
   * In no order. Not a Set: when V8 makes a new table for one, the old table points to the new one. In the old generation
   * it keeps the new one and its attempts alive, which get there as well, and so on: most attempts became garbage that
   * only a full collection frees.
   */
  readonly #attempts: UnderWay[] = [];
  #interval: NodeJS.Timeout | undefined;
  #checkedMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(attempt: UnderWay): void {
    attempt.position = this.#attempts.push(attempt) - 1;
    if (this.#interval !== undefined) return;
    this.#checkedMs = this.#clock.monotonicMs();
    this.#interval = setInterval(() => {
      this.#check();
    }, CHECK_INTERVAL_MS);
  }

  /** An attempt that was not added, or was deleted before, is ignored. */
  delete(attempt: UnderWay): void {
    if (!this.#has(attempt)) return;
    const last = this.#attempts.pop();
    if (last === undefined || last === attempt) return;
    this.#attempts[attempt.position] = last;
    last.position = attempt.position;
  }

  /** Stops every attempt. */
  close(): void {
    for (const attempt of [...this.#attempts]) attempt.stop();
    this.#stopChecking();
  }

  #check(): void {
    const nowMs = this.#clock.monotonicMs();
    const sinceMs = nowMs - this.#checkedMs;
    this.#checkedMs = nowMs;
    // The event loop was blocked: responses that have arrived meanwhile are read first.
    if (sinceMs > 2 * CHECK_INTERVAL_MS) return;
    if (this.#attempts.length === 0) this.#stopChecking();
    for (const attempt of this.#attempts.filter(({ deadlineMs }) => deadlineMs <= nowMs))
      // One that expires may have ended others.
      if (this.#has(attempt)) attempt.expire();
  }

  #has(attempt: UnderWay): boolean {
    return this.#attempts[attempt.position] === attempt;
  }

  #stopChecking(): void {
    clearInterval(this.#interval);
    this.#interval = undefined;
  }
}
