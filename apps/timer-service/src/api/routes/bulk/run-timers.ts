import { bulkResponseSchema, runTimersRequestSchema } from '@timer-platform/callback-types';
import type { ApiContext } from '../../api-context.ts';
import type { Api } from '../../api-instance.ts';
import { changeByFilter } from '../../bulk/change-timers.ts';
import { parseTimerFilter } from '../../timers/parse-timer-filter.ts';
import { responses, success } from '../responses.ts';

/** `POST /timers/run`: pending → due now for all timers that match a filter. */
export function runTimersRoute(app: Api, context: ApiContext): void {
  app.post(
    '/timers/run',
    {
      config: { access: 'admin' },
      schema: {
        operationId: 'runTimers',
        tags: ['timers'],
        summary: 'Run pending timers that match a filter now',
        description:
          'Repeat the request with `cursor` while `more` is true. Timers of a paused destination wait until it is resumed.',
        body: runTimersRequestSchema,
        response: responses(200, bulkResponseSchema, [400, 409, 413, 415]),
      },
    },
    async (request) => {
      const { body } = request;
      const change = { action: 'run_timers' } as const;
      const result = await changeByFilter(context, request, body, parseTimerFilter(body), change);
      if (result.changed > 0) context.wake();
      return success(result);
    },
  );
}
