import { timerParamsSchema, timerSummaryResponseSchema } from '@timer-platform/callback-types';
import { retryTimer } from '@timer-platform/database';
import type { ApiContext } from '../api-context.ts';
import type { Api } from '../api-instance.ts';
import { changedTimer } from '../timers/changed-timer.ts';
import { presentSummary } from '../timers/present-timer.ts';
import { responses, success } from './responses.ts';

/** `POST /timers/:id/retry`: failed → pending, due now, with all attempts of its retry policy. */
export function retryTimerRoute(app: Api, { db, wake }: ApiContext): void {
  app.post(
    '/timers/:id/retry',
    {
      config: { access: 'write' },
      schema: {
        operationId: 'retryTimer',
        tags: ['timers'],
        summary: 'Retry a failed timer',
        params: timerParamsSchema,
        response: responses(200, timerSummaryResponseSchema, [400, 404]),
      },
    },
    async (request) => {
      const timer = changedTimer(await retryTimer(db, request.params.id), 'retry');
      wake();
      return success(presentSummary(timer));
    },
  );
}
