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
  #running: Promise<Result> | undefined;

  /** @param maxAgeMs how long after the start of a read its result is used */
  constructor(read: () => Promise<Result>, maxAgeMs: number, clock: Pick<Clock, 'monotonicMs'>) {
    this.#read = read;
    this.#maxAgeMs = maxAgeMs;
    this.#clock = clock;
  }

  /** @throws what the read throws; the next call then reads again */
  async get(): Promise<Result> {
    const nowMs = this.#clock.monotonicMs();
    const isRunning = this.#result === this.#running;
    if (this.#result !== undefined && (isRunning || nowMs - this.#startedMs < this.#maxAgeMs))
      return this.#result;
    this.#startedMs = nowMs;
    const result = this.#read();
    this.#result = result;
    this.#running = result;
    try {
      return await result;
    } catch (error) {
      if (this.#result === result) this.#result = undefined;
      throw error;
    } finally {
      if (this.#running === result) this.#running = undefined;
    }
  }

  /** What is read has changed: the next call reads again, also while a read is running, which may have been too early. */
  forget(): void {
    this.#result = undefined;
  }
}
