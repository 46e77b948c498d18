import { listSchedulesQuerySchema, scheduleListResponseSchema } from '@timer-platform/callback-types';
import { listSchedules, mapInTurns } from '@timer-platform/database';
import type { ApiContext } from '../../api-context.ts';
import type { Api } from '../../api-instance.ts';
import { clientNameOf } from '../../auth/authenticate.ts';
import { presentScheduleSummary } from '../../schedules/present-schedule.ts';
import { decodeKey, encodeKey } from '../../schedules/schedule-cursors.ts';
import { responses, success } from '../responses.ts';

/** `GET /schedules` */
export function listSchedulesRoute(app: Api, { db }: ApiContext): void {
  app.get(
    '/schedules',
    {
      config: { access: 'read' },
      schema: {
        operationId: 'listSchedules',
        tags: ['schedules'],
        summary: 'List your schedules in pages, in the order of their keys',
        querystring: listSchedulesQuerySchema,
        response: responses(200, scheduleListResponseSchema, [400]),
      },
    },
    async (request) => {
      const { limit, cursor, prefix, paused } = request.query;
      const after = cursor === undefined ? undefined : decodeKey(cursor);
      const page = await listSchedules(db, { client: clientNameOf(request), prefix, paused, after, limit });
      return success({
        schedules: await mapInTurns(page.schedules, presentScheduleSummary),
        next_cursor: page.next === undefined ? null : encodeKey(page.next),
      });
    },
  );
}
