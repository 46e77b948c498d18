import type { Clock } from '../../clock.ts';

interface UnderWay {
  /** By the monotonic clock. */
  readonly deadlineMs: number;
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
  readonly #attempts = new Set<UnderWay>();
  #interval: NodeJS.Timeout | undefined;
  #checkedMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(attempt: UnderWay): void {
    this.#attempts.add(attempt);
    if (this.#interval !== undefined) return;
    this.#checkedMs = this.#clock.monotonicMs();
    this.#interval = setInterval(() => {
      this.#check();
    }, CHECK_INTERVAL_MS);
  }

  delete(attempt: UnderWay): void {
    this.#attempts.delete(attempt);
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
    if (this.#attempts.size === 0) this.#stopChecking();
    for (const attempt of this.#attempts) if (attempt.deadlineMs <= nowMs) attempt.expire();
  }

  #stopChecking(): void {
    clearInterval(this.#interval);
    this.#interval = undefined;
  }
}
