import {
  backfillScheduleRequestSchema,
  backfillScheduleResponseSchema,
  scheduleParamsSchema,
} from '@timer-platform/callback-types';
import type { ApiContext } from '../../api-context.ts';
import type { Api } from '../../api-instance.ts';
import { backfillSchedule } from '../../schedules/backfill-schedule.ts';
import { scheduleKeyOf } from '../../schedules/find-own-schedule.ts';
import { responses, success } from '../responses.ts';

/** `POST /schedules/:key/backfill` */
export function backfillScheduleRoute(app: Api, context: ApiContext): void {
  app.post(
    '/schedules/:key/backfill',
    {
      config: { access: 'write' },
      schema: {
        operationId: 'backfillSchedule',
        tags: ['schedules'],
        summary: 'Create the occurrences of a time in the past that do not exist',
        description:
          'Also while the schedule is paused, and whatever its overlap is. Repeat the request after an error: it goes on.',
        params: scheduleParamsSchema,
        body: backfillScheduleRequestSchema,
        response: responses(200, backfillScheduleResponseSchema, [400, 404, 413, 415]),
      },
    },
    async (request) => {
      const key = scheduleKeyOf(request, request.params);
      return success(await backfillSchedule(context, key, request.body));
    },
  );
}
