import { listTimersQuerySchema, timerListResponseSchema } from '@timer-platform/callback-types';
import { countTimers, listTimers } from '@timer-platform/database';
import { answers } from './answers.ts';
import type { Api, ApiContext } from '../api-context.ts';
import { decodeCursor, encodeCursor } from '../timers/list-cursor.ts';
import { toSummary } from '../timers/to-timer.ts';

/** `GET /timers` */
export function listTimersRoute(app: Api, { db }: ApiContext): void {
  app.get(
    '/timers',
    {
      config: { access: 'read' },
      schema: {
        operationId: 'listTimers',
        tags: ['timers'],
        summary: 'List timers, page by page',
        querystring: listTimersQuerySchema,
        response: answers(200, timerListResponseSchema, [400]),
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
        timers: page.timers.map(toSummary),
        total: count.total,
        total_estimated: count.estimated,
        limit,
        offset,
        next_cursor: page.next === undefined ? null : encodeCursor(request.query, page.next),
      };
      return { code: 0 as const, message: 'success', data };
    },
  );
}
