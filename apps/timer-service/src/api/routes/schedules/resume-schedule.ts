import {
  resumeScheduleRequestSchema,
  scheduleParamsSchema,
  scheduleResponseSchema,
} from '@timer-platform/callback-types';
import { resumeSchedule } from '@timer-platform/database';
import type { ApiContext } from '../../api-context.ts';
import type { Api } from '../../api-instance.ts';
import { findOwnSchedule, scheduleKeyOf } from '../../schedules/find-own-schedule.ts';
import { presentSchedule } from '../../schedules/present-schedule.ts';
import { responses, success } from '../responses.ts';
import { optionalBody } from './optional-body.ts';

/** `POST /schedules/:key/resume` */
export function resumeScheduleRoute(app: Api, { db, headerKeys, wakeSchedules }: ApiContext): void {
  app.post(
    '/schedules/:key/resume',
    {
      config: { access: 'write' },
      schema: {
        operationId: 'resumeSchedule',
        tags: ['schedules'],
        summary: 'Resume a paused schedule',
        description:
          'catch_up decides which occurrences of the pause are created. A schedule that is not paused is returned unchanged.',
        params: scheduleParamsSchema,
        body: optionalBody(resumeScheduleRequestSchema),
        response: responses(200, scheduleResponseSchema, [400, 404, 413, 415]),
      },
    },
    async (request) => {
      const key = scheduleKeyOf(request, request.params);
      if (await resumeSchedule(db, key, request.body.catch_up)) wakeSchedules();
      return success(presentSchedule(await findOwnSchedule(db, key), request, headerKeys));
    },
  );
}
