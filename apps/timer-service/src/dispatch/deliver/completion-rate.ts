/** The window over which completions are counted, in milliseconds. */
const WINDOW_MS = 1_000;

/** Counts the completions per second of a route: the larger of the current and of the previous second. */
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
    return Math.max(this.#current, this.#previous);
  }

  #advance(nowMs: number): void {
    const elapsedMs = nowMs - this.#sinceMs;
    if (elapsedMs < WINDOW_MS) return;
    this.#previous = elapsedMs < 2 * WINDOW_MS ? this.#current : 0;
    this.#current = 0;
    this.#sinceMs = nowMs;
  }
}
