import type { TimerSummary } from '@timer-platform/callback-types';
import { TimerError } from './errors.ts';
import type { TimerPage } from './response-shapes.ts';

/**
 * A list of timers over all its pages, which are requested one by one as the loop reaches them. Each loop starts anew.
 *
 * Pages follow a cursor: timers that are stored, changed or deleted meanwhile shift nothing, and none is repeated unless
 * it changes its place in the order.
 */
export class TimerList implements AsyncIterable<TimerSummary> {
  readonly #fetchPage: (cursor: string | undefined) => Promise<TimerPage>;
  readonly #firstCursor: string | undefined;

  /** @internal */
  constructor(fetchPage: (cursor: string | undefined) => Promise<TimerPage>, firstCursor?: string) {
    this.#fetchPage = fetchPage;
    this.#firstCursor = firstCursor;
  }

  /** The pages, with `total` and the cursor of the next one. */
  async *pages(): AsyncGenerator<TimerPage, void, undefined> {
    let cursor = this.#firstCursor;
    for (;;) {
      const page = await this.#fetchPage(cursor);
      yield page;
      if (page.next_cursor === null) return;
      if (page.next_cursor === cursor)
        throw new TimerError('badResponse', 'GET /timers got the same page twice', { httpStatus: 200 });
      cursor = page.next_cursor;
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<TimerSummary, void, undefined> {
    for await (const { timers } of this.pages()) yield* timers;
  }
}
