import {
  bulkResponseSchema,
  parseDuration,
  parseSignedDuration,
  type RescheduleTimersRequest,
  rescheduleTimersRequestSchema,
} from '@timer-platform/callback-types';
import { isInFuture, type NewDueInstant } from '@timer-platform/database';
import type { ApiContext } from '../../api-context.ts';
import type { Api } from '../../api-instance.ts';
import { changeByFilter } from '../../bulk/change-timers.ts';
import { notInFuture, validationError } from '../../http/api-error.ts';
import { INSTANT_RANGE, normalizeInstant } from '../../timers/normalize-instant.ts';
import { parseTimerFilter } from '../../timers/parse-timer-filter.ts';
import { responses, success } from '../responses.ts';

function optional(parse: (text: string) => number | undefined, text: string | undefined): number | undefined {
  return text === undefined ? undefined : parse(text);
}

/** @throws {ApiError} code 2 for an instant that cannot be stored */
function newInstantOf({ execute_at, delay, shift, spread }: RescheduleTimersRequest): NewDueInstant {
  const executeAt = execute_at === undefined ? undefined : normalizeInstant(execute_at);
  if (execute_at !== undefined && executeAt === undefined)
    throw validationError([{ path: 'execute_at', message: INSTANT_RANGE }]);
  return {
    executeAt,
    delayMs: optional(parseDuration, delay),
    shiftMs: optional(parseSignedDuration, shift),
    spreadMs: optional(parseDuration, spread),
  };
}

/** `POST /timers/reschedule`: moves all pending timers that match a filter to another instant. */
export function rescheduleTimersRoute(app: Api, context: ApiContext): void {
  app.post(
    '/timers/reschedule',
    {
      config: { access: 'admin' },
      schema: {
        operationId: 'rescheduleTimers',
        tags: ['timers'],
        summary: 'Move pending timers that match a filter to another instant',
        description:
          'After a 200, no attempt of the changed timers starts at their old instant. Repeat the request with `cursor` while `more` is true. `POST /actions/:id/undo` undoes it.',
        body: rescheduleTimersRequestSchema,
        response: responses(200, bulkResponseSchema, [400, 409, 413, 415]),
      },
    },
    async (request) => {
      const { body } = request;
      const to = newInstantOf(body);
      if (to.executeAt !== undefined && !(await isInFuture(context.db, to.executeAt)))
        throw notInFuture(['execute_at']);
      const change = { action: 'reschedule_timers', to } as const;
      const result = await changeByFilter(context, request, body, parseTimerFilter(body), change);
      if (result.changed > 0) context.wake();
      return success(result);
    },
  );
}
