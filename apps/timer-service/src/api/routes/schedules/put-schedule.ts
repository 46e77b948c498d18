import {
  putScheduleRequestSchema,
  putScheduleResponseSchema,
  scheduleParamsSchema,
  type ValidationIssue,
} from '@timer-platform/callback-types';
import type { ApiContext } from '../../api-context.ts';
import type { Api } from '../../api-instance.ts';
import { validationError } from '../../http/api-error.ts';
import { findOwnSchedule, scheduleKeyOf } from '../../schedules/find-own-schedule.ts';
import { parseScheduleRequest } from '../../schedules/parse-schedule-request.ts';
import { presentSchedule, presentWithdrawal } from '../../schedules/present-schedule.ts';
import { putSchedule } from '../../schedules/put-schedule.ts';
import { entityTag, putScheduleHeadersSchema } from '../../schedules/revision-condition.ts';
import { responses, success } from '../responses.ts';

/** `PUT /schedules/:key` */
export function putScheduleRoute(app: Api, context: ApiContext): void {
  const { db, settings, headerKeys } = context;
  app.put(
    '/schedules/:key',
    {
      bodyLimit: settings.bodyLimitBytes,
      config: { access: 'write' },
      schema: {
        operationId: 'putSchedule',
        tags: ['schedules'],
        summary: 'Store a schedule, or change the one with this key',
        description:
          'Returns 201 for a new schedule, and 200 for one that exists. With the same content nothing happens. Otherwise occurrences that are not due yet are withdrawn, and come back with the new values if the new timing has them too.',
        params: scheduleParamsSchema,
        headers: putScheduleHeadersSchema,
        body: putScheduleRequestSchema,
        response: {
          ...responses(201, putScheduleResponseSchema, [400, 409, 412, 413, 415]),
          ...responses(200, putScheduleResponseSchema, []),
        },
      },
    },
    async (request, reply) => {
      const issues: ValidationIssue[] = [];
      const content = parseScheduleRequest(request.body, issues, context.checkCallback);
      if (issues.length > 0) throw validationError(issues);
      const key = scheduleKeyOf(request, request.params);
      const { outcome, withdrawal } = await putSchedule(context, key, content, request.headers);
      const row = await findOwnSchedule(db, key);
      if (outcome !== 'unchanged') context.wakeSchedules();
      return reply
        .code(outcome === 'created' ? 201 : 200)
        .header('etag', entityTag(row))
        .send(
          success({
            ...presentSchedule(row, request, headerKeys),
            changed: outcome !== 'unchanged',
            ...presentWithdrawal(withdrawal),
          }),
        );
    },
  );
}
