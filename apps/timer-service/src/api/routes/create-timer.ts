import { createTimerRequestSchema, timerSummaryResponseSchema } from '@timer-platform/callback-types';
import type { ApiContext } from '../api-context.ts';
import type { Api } from '../api-instance.ts';
import { createTimers } from '../timers/create-timers.ts';
import { creationHeadersSchema } from '../timers/idempotency.ts';
import { responses, success } from './responses.ts';

/** `POST /timers` */
export function createTimerRoute(app: Api, context: ApiContext): void {
  app.post(
    '/timers',
    {
      bodyLimit: context.settings.bodyLimitBytes,
      config: { access: 'write' },
      schema: {
        operationId: 'createTimer',
        tags: ['timers'],
        summary: 'Store a timer',
        headers: creationHeadersSchema,
        body: createTimerRequestSchema,
        response: responses(201, timerSummaryResponseSchema, [400, 409, 413, 415]),
      },
    },
    async (request, reply) => {
      const [timer] = await createTimers(context, request, reply, [request.body], () => '');
      if (timer === undefined) throw new Error('storing one timer returned none');
      return reply.code(201).send(success(timer));
    },
  );
}
