import { canceledResponseSchema, timerKeyParamsSchema } from '@timer-platform/callback-types';
import { cancelTimer, findTimerByKey } from '@timer-platform/database';
import type { ApiContext } from '../api-context.ts';
import type { Api } from '../api-instance.ts';
import { clientNameOf } from '../auth/authenticate.ts';
import { timerNotFound } from '../http/api-error.ts';
import { changedTimer } from '../timers/changed-timer.ts';
import { responses, success } from './responses.ts';

/** `DELETE /timers/by-key/:key`: pending timers only. */
export function cancelTimerByKeyRoute(app: Api, { db }: ApiContext): void {
  app.delete(
    '/timers/by-key/:key',
    {
      config: { access: 'write' },
      schema: {
        operationId: 'cancelTimerByKey',
        tags: ['timers'],
        summary: 'Cancel the pending timer with a key',
        description: 'After a 200, no attempt starts. The key can be used again.',
        params: timerKeyParamsSchema,
        response: responses(200, canceledResponseSchema, [400, 404]),
      },
    },
    async (request) => {
      const found = await findTimerByKey(db, { client: clientNameOf(request), key: request.params.key });
      if (found === undefined) throw timerNotFound();
      const { id } = changedTimer(await cancelTimer(db, found), 'cancel');
      return success({ id, status: 'canceled' as const });
    },
  );
}
