import {
  scheduleParamsSchema,
  timerSummaryResponseSchema,
  triggerScheduleRequestSchema,
} from '@timer-platform/callback-types';
import type { ApiContext } from '../../api-context.ts';
import type { Api } from '../../api-instance.ts';
import { scheduleKeyOf } from '../../schedules/find-own-schedule.ts';
import { triggerSchedule } from '../../schedules/trigger-schedule.ts';
import { creationHeadersSchema } from '../../timers/idempotency.ts';
import { responses, success } from '../responses.ts';
import { optionalBody } from './optional-body.ts';

/** `POST /schedules/:key/trigger` */
export function triggerScheduleRoute(app: Api, context: ApiContext): void {
  app.post(
    '/schedules/:key/trigger',
    {
      config: { access: 'write' },
      schema: {
        operationId: 'triggerSchedule',
        tags: ['schedules'],
        summary: 'Create an occurrence that is due now',
        description: 'Also while the schedule is paused, and whatever its overlap is.',
        params: scheduleParamsSchema,
        headers: creationHeadersSchema,
        body: optionalBody(triggerScheduleRequestSchema),
        response: responses(201, timerSummaryResponseSchema, [400, 404, 409, 413, 415]),
      },
    },
    async (request, reply) => {
      const key = scheduleKeyOf(request, request.params);
      const timer = await triggerSchedule(context, request, reply, key);
      return reply.code(201).send(success(timer));
    },
  );
}
