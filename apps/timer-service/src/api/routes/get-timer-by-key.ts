import { timerKeyParamsSchema, timerResponseSchema } from '@timer-platform/callback-types';
import { findTimer, findTimerByKey } from '@timer-platform/database';
import type { ApiContext } from '../api-context.ts';
import type { Api } from '../api-instance.ts';
import { clientNameOf } from '../auth/authenticate.ts';
import { timerNotFound } from '../http/api-error.ts';
import { presentTimer } from '../timers/present-timer.ts';
import { responses, success } from './responses.ts';

/** `GET /timers/by-key/:key` */
export function getTimerByKeyRoute(app: Api, { db, headerKeys }: ApiContext): void {
  app.get(
    '/timers/by-key/:key',
    {
      config: { access: 'read' },
      schema: {
        operationId: 'getTimerByKey',
        tags: ['timers'],
        summary: 'Read the timer with a key',
        description:
          'The unfinished timer with this key, or else the newest finished one. Secrets are masked as by getTimer.',
        params: timerKeyParamsSchema,
        response: responses(200, timerResponseSchema, [400, 404]),
      },
    },
    async (request) => {
      const id = await findTimerByKey(db, { client: clientNameOf(request), key: request.params.key });
      const timer = id === undefined ? undefined : await findTimer(db, id);
      if (timer === undefined) throw timerNotFound();
      return success(presentTimer(timer, request, headerKeys));
    },
  );
}
