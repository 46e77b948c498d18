import { canceledResponseSchema, timerParamsSchema } from '@timer-platform/callback-types';
import { cancelTimer } from '@timer-platform/database';
import type { ApiContext } from '../api-context.ts';
import type { Api } from '../api-instance.ts';
import { changedTimer } from '../timers/changed-timer.ts';
import { responses, success } from './responses.ts';

/** `DELETE /timers/:id`: pending timers only. */
export function cancelTimerRoute(app: Api, { db }: ApiContext): void {
  app.delete(
    '/timers/:id',
    {
      config: { access: 'write' },
      schema: {
        operationId: 'cancelTimer',
        tags: ['timers'],
        summary: 'Cancel a pending timer',
        description: 'After a 200, no attempt starts.',
        params: timerParamsSchema,
        response: responses(200, canceledResponseSchema, [400, 404]),
      },
    },
    async (request) => {
      const { id } = changedTimer(await cancelTimer(db, request.params.id), 'cancel');
      return success({ id, status: 'canceled' as const });
    },
  );
}
