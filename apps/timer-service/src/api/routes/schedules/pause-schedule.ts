import {
  pauseScheduleRequestSchema,
  pauseScheduleResponseSchema,
  scheduleParamsSchema,
} from '@timer-platform/callback-types';
import { pauseSchedule } from '@timer-platform/database';
import type { ApiContext } from '../../api-context.ts';
import type { Api } from '../../api-instance.ts';
import { validationError } from '../../http/api-error.ts';
import { findOwnSchedule, scheduleKeyOf } from '../../schedules/find-own-schedule.ts';
import { presentSchedule, presentWithdrawal } from '../../schedules/present-schedule.ts';
import { INSTANT_RANGE, normalizeInstant } from '../../timers/normalize-instant.ts';
import { responses, success } from '../responses.ts';
import { optionalBody } from './optional-body.ts';

/** `POST /schedules/:key/pause` */
export function pauseScheduleRoute(app: Api, { db, headerKeys, wakeSchedules }: ApiContext): void {
  app.post(
    '/schedules/:key/pause',
    {
      config: { access: 'write' },
      schema: {
        operationId: 'pauseSchedule',
        tags: ['schedules'],
        summary: 'Pause a schedule and cancel its pending occurrences',
        description: 'After a 200, no attempt of an occurrence starts, except of those in running.',
        params: scheduleParamsSchema,
        body: optionalBody(pauseScheduleRequestSchema),
        response: responses(200, pauseScheduleResponseSchema, [400, 404, 413, 415]),
      },
    },
    async (request) => {
      const key = scheduleKeyOf(request, request.params);
      const { note = null, until = null } = request.body;
      const instant = until === null ? null : normalizeInstant(until);
      if (instant === undefined) throw validationError([{ path: 'until', message: INSTANT_RANGE }]);
      const withdrawal = await pauseSchedule(db, key, note, instant);
      const row = await findOwnSchedule(db, key);
      if (withdrawal === undefined)
        throw validationError([{ path: 'until', message: 'must be in the future' }], 'in_the_past');
      wakeSchedules();
      return success({
        ...presentSchedule(row, request, headerKeys),
        ...presentWithdrawal(withdrawal),
      });
    },
  );
}
