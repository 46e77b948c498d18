import { listTimersQuerySchema, timerListResponseSchema } from '@timer-platform/callback-types';
import { countTimers, listTimers } from '@timer-platform/database';
import type { ApiContext } from '../api-context.ts';
import type { Api } from '../api-instance.ts';
import { decodeCursor, encodeCursor } from '../timers/list-cursor.ts';
import { presentSummary } from '../timers/present-timer.ts';
import { responses, success } from './responses.ts';

/** `GET /timers` */
export function listTimersRoute(app: Api, { db }: ApiContext): void {
  app.get(
    '/timers',
    {
      config: { access: 'read' },
      schema: {
        operationId: 'listTimers',
        tags: ['timers'],
        summary: 'List timers in pages',
        querystring: listTimersQuerySchema,
        response: responses(200, timerListResponseSchema, [400]),
      },
    },
    async (request) => {
      const { cursor, limit, offset, sort, order, status, callback_type: callbackType } = request.query;
      const after = cursor === undefined ? undefined : decodeCursor(request.query, cursor);
      const filter = { status, callbackType };
      const [page, count] = await Promise.all([
        listTimers(db, { filter, sort, order, limit, offset, after }),
        countTimers(db, filter),
      ]);
      const data = {
        timers: page.timers.map(presentSummary),
        total: count.total,
        total_estimated: count.estimated,
        limit,
        offset,
        next_cursor: page.next === undefined ? null : encodeCursor(request.query, page.next),
        search: null,
      };
      return success(data);
    },
  );
}
