import { deleteScheduleResponseSchema, scheduleParamsSchema } from '@timer-platform/callback-types';
import { deleteSchedule } from '@timer-platform/database';
import type { ApiContext } from '../../api-context.ts';
import type { Api } from '../../api-instance.ts';
import { errorOf } from '../../http/api-error.ts';
import { findOwnSchedule, scheduleKeyOf } from '../../schedules/find-own-schedule.ts';
import { presentWithdrawal } from '../../schedules/present-schedule.ts';
import {
  checkConditions,
  ifMatchHeadersSchema,
  requestedRevision,
} from '../../schedules/revision-condition.ts';
import { responses, success } from '../responses.ts';

/** `DELETE /schedules/:key` */
export function deleteScheduleRoute(app: Api, { db }: ApiContext): void {
  app.delete(
    '/schedules/:key',
    {
      config: { access: 'write' },
      schema: {
        operationId: 'deleteSchedule',
        tags: ['schedules'],
        summary: 'Delete a schedule and cancel its pending occurrences',
        description: 'After a 200, no attempt of an occurrence starts, except of those in running.',
        params: scheduleParamsSchema,
        headers: ifMatchHeadersSchema,
        response: responses(200, deleteScheduleResponseSchema, [400, 404, 412]),
      },
    },
    async (request) => {
      const key = scheduleKeyOf(request, request.params);
      const deleted = await deleteSchedule(db, key, requestedRevision(request.headers));
      if (deleted === undefined) {
        checkConditions(request.headers, await findOwnSchedule(db, key));
        throw errorOf('revision_mismatch', 'the schedule was changed during the request');
      }
      const { id, withdrawal } = deleted;
      return success({ key: key.key, id, ...presentWithdrawal(withdrawal) });
    },
  );
}
