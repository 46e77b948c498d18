import type { Clock } from '../../clock.ts';

/**
 * Shares the result of an expensive read: calls while one is running wait for it, and later ones get its result until it is
 * too old. So any number of clients cost as much as one.
 */
export class RecentResult<Result> {
  readonly #read: () => Promise<Result>;
  readonly #maxAgeMs: number;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  #startedMs = Number.NEGATIVE_INFINITY;
  #result: Promise<Result> | undefined;
  #running = false;

  /** @param maxAgeMs how long after the start of a read its result is used */
  constructor(read: () => Promise<Result>, maxAgeMs: number, clock: Pick<Clock, 'monotonicMs'>) {
    this.#read = read;
    this.#maxAgeMs = maxAgeMs;
    this.#clock = clock;
  }

  /** @throws what the read throws; the next call then reads again */
  async get(): Promise<Result> {
    const nowMs = this.#clock.monotonicMs();
    if (this.#result !== undefined && (this.#running || nowMs - this.#startedMs < this.#maxAgeMs))
      return this.#result;
    this.#startedMs = nowMs;
    this.#running = true;
    const result = this.#read();
    this.#result = result;
    try {
      return await result;
    } catch (error) {
      this.#result = undefined;
      throw error;
    } finally {
      this.#running = false;
    }
  }
}
