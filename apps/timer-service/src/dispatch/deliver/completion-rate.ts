/** The window over which completions are counted, in milliseconds. */
const WINDOW_MS = 1_000;

/** The shortest time from which a rate is extrapolated, in milliseconds. */
const SHORTEST_MS = 100;

/** The completions per second: the larger of the rate in the current window and of that in the previous one. */
export class CompletionRate {
  #current = 0;
  #previous = 0;
  #sinceMs: number;

  constructor(nowMs: number) {
    this.#sinceMs = nowMs;
  }

  completed(nowMs: number): void {
    this.#advance(nowMs);
    this.#current += 1;
  }

  perSecond(nowMs: number): number {
    this.#advance(nowMs);
    const elapsedMs = Math.max(nowMs - this.#sinceMs, SHORTEST_MS);
    return Math.max((this.#current * WINDOW_MS) / elapsedMs, this.#previous);
  }

  #advance(nowMs: number): void {
    const elapsedMs = nowMs - this.#sinceMs;
    if (elapsedMs < WINDOW_MS) return;
    this.#previous = elapsedMs < 2 * WINDOW_MS ? this.#current : 0;
    this.#current = 0;
    this.#sinceMs = nowMs;
  }
}
