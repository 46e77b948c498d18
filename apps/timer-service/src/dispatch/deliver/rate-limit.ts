/** How much of a rate may be used at once, in milliseconds: what a process makes up for after it was busy for a moment. */
const BURST_MS = 100;
/** An attempt that starts this much after its instant, or half an interval, does not delay the ones after it. */
const JITTER_MS = 20;

/**
 * A token bucket: attempts start at this rate, spaced evenly. Over any time t, at most `rate * (t + 100 ms)` attempts start,
 * and one more. Times are milliseconds of a monotonic clock.
 */
export class RateLimit {
  #perSecond: number;
  /** When the next attempt may start: one interval after the one before it, but for the burst. */
  #nextMs = Number.NEGATIVE_INFINITY;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  get perSecond(): number {
    return this.#perSecond;
  }

  get intervalMs(): number {
    return 1_000 / this.#perSecond;
  }

  /** When an attempt may start: an instant in the past if one may start now. */
  get nextMs(): number {
    return this.#nextMs;
  }

  isFree(nowMs: number): boolean {
    return nowMs >= this.#nextMs;
  }

  /** An attempt starts. */
  started(nowMs: number): void {
    const isPunctual = nowMs - this.#nextMs <= Math.min(JITTER_MS, this.intervalMs / 2);
    const earliestMs = nowMs - Math.max(0, BURST_MS - this.intervalMs);
    this.#nextMs = (isPunctual ? this.#nextMs : Math.max(this.#nextMs, earliestMs)) + this.intervalMs;
  }

  /** Takes effect at once: a higher rate shortens the wait for the next attempt as well. */
  change(perSecond: number, nowMs: number): void {
    if (perSecond === this.#perSecond) return;
    const waitMs = Math.max(0, this.#nextMs - nowMs);
    this.#nextMs = nowMs + waitMs * Math.min(1, this.#perSecond / perSecond);
    this.#perSecond = perSecond;
  }
}
