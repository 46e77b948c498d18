import { canceledResponseSchema, timerParamsSchema } from '@timer-platform/callback-types';
import { cancelTimer } from '@timer-platform/database';
import { answers } from './answers.ts';
import type { Api, ApiContext } from '../api-context.ts';
import { changedTimer } from '../timers/changed-timer.ts';

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
        description: 'After a 200 no attempt starts.',
        params: timerParamsSchema,
        response: answers(200, canceledResponseSchema, [400, 404]),
      },
    },
    async (request) => {
      const { id } = changedTimer(await cancelTimer(db, request.params.id), 'cancel');
      return { code: 0 as const, message: 'success', data: { id, status: 'canceled' as const } };
    },
  );
}
