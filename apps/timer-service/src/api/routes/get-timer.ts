import { timerParamsSchema, timerResponseSchema } from '@timer-platform/callback-types';
import { findTimer } from '@timer-platform/database';
import type { ApiContext } from '../api-context.ts';
import type { Api } from '../api-instance.ts';
import { timerNotFound } from '../http/api-error.ts';
import { presentTimer } from '../timers/present-timer.ts';
import { responses, success } from './responses.ts';

/** `GET /timers/:id` */
export function getTimerRoute(app: Api, { db, headerKeys }: ApiContext): void {
  app.get(
    '/timers/:id',
    {
      config: { access: 'read' },
      schema: {
        operationId: 'getTimer',
        tags: ['timers'],
        summary: 'Read a timer',
        description:
          'Values of headers and URL parameters that look like secrets are masked, unless the key has the role admin. A key of the role read sees no value of a URL parameter.',
        params: timerParamsSchema,
        response: responses(200, timerResponseSchema, [400, 404]),
      },
    },
    async (request) => {
      const timer = await findTimer(db, request.params.id);
      if (timer === undefined) throw timerNotFound();
      return success(presentTimer(timer, request, headerKeys));
    },
  );
}
