import { scheduleParamsSchema, scheduleResponseSchema } from '@timer-platform/callback-types';
import type { ApiContext } from '../../api-context.ts';
import type { Api } from '../../api-instance.ts';
import { findOwnSchedule, scheduleKeyOf } from '../../schedules/find-own-schedule.ts';
import { presentSchedule } from '../../schedules/present-schedule.ts';
import { entityTag } from '../../schedules/revision-condition.ts';
import { responses, success } from '../responses.ts';

/** `GET /schedules/:key` */
export function getScheduleRoute(app: Api, { db, headerKeys }: ApiContext): void {
  app.get(
    '/schedules/:key',
    {
      config: { access: 'read' },
      schema: {
        operationId: 'getSchedule',
        tags: ['schedules'],
        summary: 'Read a schedule',
        params: scheduleParamsSchema,
        response: responses(200, scheduleResponseSchema, [400, 404]),
      },
    },
    async (request, reply) => {
      const row = await findOwnSchedule(db, scheduleKeyOf(request, request.params));
      void reply.header('etag', entityTag(row));
      return success(presentSchedule(row, request, headerKeys));
    },
  );
}
