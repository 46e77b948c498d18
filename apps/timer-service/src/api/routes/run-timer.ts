import { timerParamsSchema, timerSummaryResponseSchema } from '@timer-platform/callback-types';
import { runTimer } from '@timer-platform/database';
import type { ApiContext } from '../api-context.ts';
import type { Api } from '../api-instance.ts';
import { changedTimer } from '../timers/changed-timer.ts';
import { presentSummary } from '../timers/present-timer.ts';
import { responses, success } from './responses.ts';

/** `POST /timers/:id/run`: pending → due now. */
export function runTimerRoute(app: Api, { db, wake }: ApiContext): void {
  app.post(
    '/timers/:id/run',
    {
      config: { access: 'write' },
      schema: {
        operationId: 'runTimer',
        tags: ['timers'],
        summary: 'Run a pending timer now',
        params: timerParamsSchema,
        response: responses(200, timerSummaryResponseSchema, [400, 404]),
      },
    },
    async (request) => {
      const timer = changedTimer(await runTimer(db, request.params.id), 'run');
      wake();
      return success(presentSummary(timer));
    },
  );
}
