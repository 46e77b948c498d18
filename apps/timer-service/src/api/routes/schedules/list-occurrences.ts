import {
  listOccurrencesQuerySchema,
  occurrenceListResponseSchema,
  scheduleParamsSchema,
} from '@timer-platform/callback-types';
import { listOccurrences } from '@timer-platform/database';
import type { ApiContext } from '../../api-context.ts';
import type { Api } from '../../api-instance.ts';
import { findOwnSchedule, scheduleKeyOf } from '../../schedules/find-own-schedule.ts';
import { presentOccurrence } from '../../schedules/present-occurrence.ts';
import { decodePosition, encodePosition } from '../../schedules/schedule-cursors.ts';
import { responses, success } from '../responses.ts';

/** `GET /schedules/:key/occurrences` */
export function listOccurrencesRoute(app: Api, { db }: ApiContext): void {
  app.get(
    '/schedules/:key/occurrences',
    {
      config: { access: 'read' },
      schema: {
        operationId: 'listOccurrences',
        tags: ['schedules'],
        summary:
          'List the occurrences of a schedule in pages, newest first: timers, and those that were skipped',
        params: scheduleParamsSchema,
        querystring: listOccurrencesQuerySchema,
        response: responses(200, occurrenceListResponseSchema, [400, 404]),
      },
    },
    async (request) => {
      const { limit, cursor } = request.query;
      const after = cursor === undefined ? undefined : decodePosition(cursor);
      const { id } = await findOwnSchedule(db, scheduleKeyOf(request, request.params));
      const { occurrences, next } = await listOccurrences(db, id, limit, after);
      return success({
        occurrences: occurrences.map(presentOccurrence),
        next_cursor: next === undefined ? null : encodePosition(next),
      });
    },
  );
}
