import { timerParamsSchema, timerResponseSchema } from '@timer-platform/callback-types';
import { findTimer } from '@timer-platform/database';
import { answers } from './answers.ts';
import type { Api, ApiContext } from '../api-context.ts';
import { timerNotFound } from '../http/api-error.ts';
import { toTimer } from '../timers/to-timer.ts';

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
          'Values of headers and URL parameters that look like secrets are masked, unless the key is of the role admin.',
        params: timerParamsSchema,
        response: answers(200, timerResponseSchema, [400, 404]),
      },
    },
    async (request) => {
      const timer = await findTimer(db, request.params.id);
      if (timer === undefined) throw timerNotFound();
      const secrets = request.apiKey?.role === 'admin';
      return { code: 0 as const, message: 'success', data: toTimer(timer, { secrets, headerKeys }) };
    },
  );
}
