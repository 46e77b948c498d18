import { createTimerRequestSchema, timerSummaryResponseSchema } from '@timer-platform/callback-types';
import { answers } from './answers.ts';
import type { Api, ApiContext } from '../api-context.ts';
import { creationHeadersSchema, storeTimers } from '../timers/store-timers.ts';

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
        response: answers(201, timerSummaryResponseSchema, [400, 409, 413, 415]),
      },
    },
    async (request, reply) => {
      const [timer] = await storeTimers(context, request, reply, [request.body], () => '');
      if (timer === undefined) throw new Error('storing one timer answered none');
      return reply.code(201).send({ code: 0, message: 'success', data: timer });
    },
  );
}
