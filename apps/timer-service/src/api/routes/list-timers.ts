import { listTimersQuerySchema, timerListResponseSchema } from '@timer-platform/callback-types';
import { type ListPosition, listTimers } from '@timer-platform/database';
import type { ApiContext } from '../api-context.ts';
import type { Api } from '../api-instance.ts';
import { validationError } from '../http/api-error.ts';
import { decodeCursor, encodeCursor } from '../timers/list-cursor.ts';
import { parseListFilter } from '../timers/parse-timer-filter.ts';
import { presentMicros } from '../timers/present-micros.ts';
import { presentSummary } from '../timers/present-timer.ts';
import { responses, success } from './responses.ts';

/** How long one request searches a list for a filter that no index serves, in milliseconds. */
const SEARCH_MS = 150;

/** Why a list is refused. */
const REFUSALS = {
  unsorted: {
    path: 'query.sort',
    message:
      'execute_at sorts only pending timers, or up to 50,000 others: add status=pending or a range of created_at, or sort by created_at',
  },
  'offset-in-search': {
    path: 'query.offset',
    message: 'cannot be combined with a filter that needs a search: use cursor',
  },
} as const;

function presentSearch(
  search: { readonly complete: boolean; readonly scanned: number } | null,
  next: ListPosition | undefined,
) {
  return search && { ...search, searched_to: next === undefined ? null : presentMicros(next.micros) };
}

/** `GET /timers` */
export function listTimersRoute(app: Api, { db, clock }: ApiContext): void {
  app.get(
    '/timers',
    {
      config: { access: 'read' },
      schema: {
        operationId: 'listTimers',
        tags: ['timers'],
        summary: 'List timers in pages',
        description:
          'A filter without an index is searched in the order of the list: `search.complete` is false if the page has fewer timers than the limit although more may follow.',
        querystring: listTimersQuerySchema,
        response: responses(200, timerListResponseSchema, [400]),
      },
    },
    async (request) => {
      const { cursor, limit, offset, sort, order } = request.query;
      const filter = await parseListFilter(request.query);
      const after = cursor === undefined ? undefined : decodeCursor(request.query, cursor);
      const budget = { monotonicMs: () => clock.monotonicMs(), ms: SEARCH_MS };
      const page = await listTimers(db, { filter, sort, order, limit, offset, after, budget });
      if (page.outcome !== 'listed') throw validationError([REFUSALS[page.outcome]]);
      return success({
        timers: page.timers.map(presentSummary),
        total: page.total,
        total_estimated: page.estimated,
        limit,
        offset,
        next_cursor: page.next === undefined ? null : encodeCursor(request.query, page.next),
        search: presentSearch(page.search, page.next),
      });
    },
  );
}
