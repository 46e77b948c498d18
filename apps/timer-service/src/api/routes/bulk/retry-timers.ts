import { retriedResponseSchema, retryTimersRequestSchema } from '@timer-platform/callback-types';
import type { ApiContext } from '../../api-context.ts';
import type { Api } from '../../api-instance.ts';
import { changeByFilter } from '../../bulk/change-timers.ts';
import { parseTimerFilter } from '../../timers/parse-timer-filter.ts';
import { responses, success } from '../responses.ts';

/** `POST /timers/retry`: failed → pending for all timers that match a filter. */
export function retryTimersRoute(app: Api, context: ApiContext): void {
  app.post(
    '/timers/retry',
    {
      config: { access: 'admin' },
      schema: {
        operationId: 'retryTimers',
        tags: ['timers'],
        summary: 'Retry failed timers that match a filter',
        description: 'Needs a key of the role admin. Repeat the request while `more` is true.',
        body: retryTimersRequestSchema,
        response: responses(200, retriedResponseSchema, [400, 409, 413, 415]),
      },
    },
    async (request) => {
      const { body } = request;
      const change = { action: 'retry_timers' } as const;
      const result = await changeByFilter(context, request, body, parseTimerFilter(body), change);
      if (result.changed > 0) context.wake();
      return success({ ...result, retried: result.changed });
    },
  );
}
