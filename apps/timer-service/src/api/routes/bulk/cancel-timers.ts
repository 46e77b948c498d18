import { bulkResponseSchema, cancelTimersRequestSchema } from '@timer-platform/callback-types';
import type { ApiContext } from '../../api-context.ts';
import type { Api } from '../../api-instance.ts';
import { changeByFilter } from '../../bulk/change-timers.ts';
import { parseTimerFilter } from '../../timers/parse-timer-filter.ts';
import { responses, success } from '../responses.ts';

/** `POST /timers/cancel`: pending → canceled for all timers that match a filter. */
export function cancelTimersRoute(app: Api, context: ApiContext): void {
  app.post(
    '/timers/cancel',
    {
      config: { access: 'admin' },
      schema: {
        operationId: 'cancelTimers',
        tags: ['timers'],
        summary: 'Cancel pending timers that match a filter',
        description:
          'After a 200, no attempt of the changed timers starts. Repeat the request with `cursor` while `more` is true. `POST /actions/:id/undo` undoes it.',
        body: cancelTimersRequestSchema,
        response: responses(200, bulkResponseSchema, [400, 409, 413, 415]),
      },
    },
    async (request) => {
      const { body } = request;
      const change = { action: 'cancel_timers' } as const;
      return success(await changeByFilter(context, request, body, parseTimerFilter(body), change));
    },
  );
}
