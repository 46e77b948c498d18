import { TimerError } from './errors.ts';

/** What every page of a list has. */
export interface ListPage {
  readonly next_cursor: string | null;
}

/**
 * A list over all its pages, which are requested one by one as the loop reaches them. Each loop starts anew.
 *
 * Pages follow a cursor: what is stored, changed or deleted meanwhile shifts nothing, and nothing is repeated unless it
 * changes its place in the order.
 */
export class PagedList<Item, Page extends ListPage> implements AsyncIterable<Item> {
  readonly #label: string;
  readonly #fetchPage: (cursor: string | undefined) => Promise<Page>;
  readonly #itemsOf: (page: Page) => readonly Item[];
  readonly #firstCursor: string | undefined;

  /** @internal */
  constructor(
    label: string,
    fetchPage: (cursor: string | undefined) => Promise<Page>,
    itemsOf: (page: Page) => readonly Item[],
    firstCursor?: string,
  ) {
    this.#label = label;
    this.#fetchPage = fetchPage;
    this.#itemsOf = itemsOf;
    this.#firstCursor = firstCursor;
  }

  /** The pages, each with the cursor of the next one. */
  async *pages(): AsyncGenerator<Page, void, undefined> {
    let cursor = this.#firstCursor;
    for (;;) {
      const page = await this.#fetchPage(cursor);
      yield page;
      if (page.next_cursor === null) return;
      if (page.next_cursor === cursor)
        throw new TimerError('badResponse', `${this.#label} got the same page twice`, { httpStatus: 200 });
      cursor = page.next_cursor;
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    for await (const page of this.pages()) yield* this.#itemsOf(page);
  }
}
