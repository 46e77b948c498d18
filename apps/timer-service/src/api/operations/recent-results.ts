import type { Clock } from '../../clock.ts';
import { RecentResult } from './recent-result.ts';

/** Results that are remembered. */
const MAX_REMEMBERED = 50;

/**
 * {@link RecentResult} for each of several questions. Reads run one after the other: many different questions must not take
 * all connections to the database.
 */
export class RecentResults<Question, Result> {
  readonly #read: (question: Question) => Promise<Result>;
  readonly #maxAgeMs: number;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #results = new Map<string, RecentResult<Result>>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    read: (question: Question) => Promise<Result>,
    maxAgeMs: number,
    clock: Pick<Clock, 'monotonicMs'>,
  ) {
    this.#read = read;
    this.#maxAgeMs = maxAgeMs;
    this.#clock = clock;
  }

  /** @throws what the read throws; the next call then reads again */
  async get(question: Question): Promise<Result> {
    const key = JSON.stringify(question);
    let result = this.#results.get(key);
    if (result === undefined) {
      result = new RecentResult(() => this.#readNext(question), this.#maxAgeMs, this.#clock);
      this.#results.set(key, result);
      const [oldest] = this.#results.keys();
      if (this.#results.size > MAX_REMEMBERED && oldest !== undefined) this.#results.delete(oldest);
    }
    return result.get();
  }

  #readNext(question: Question): Promise<Result> {
    const result = this.#last.then(() => this.#read(question));
    this.#last = result.catch(() => undefined);
    return result;
  }
}
