import {
  createTimerRequestSchema,
  createTimersRequestSchema,
  LIMITS,
  timerBatchResponseSchema,
} from '@timer-platform/callback-types';
import { z } from 'zod';
import type { ApiContext } from '../api-context.ts';
import type { Api } from '../api-instance.ts';
import { validateItems } from '../http/validation.ts';
import { createTimers } from '../timers/create-timers.ts';
import { creationHeadersSchema } from '../timers/idempotency.ts';
import { responses, success } from './responses.ts';

/** {@link createTimersRequestSchema} without its items. */
const envelopeSchema = z.strictObject({ timers: z.array(z.unknown()).min(1).max(LIMITS.batchSize) });

/** `POST /timers/batch`: all of the timers or none. */
export function createTimersRoute(app: Api, context: ApiContext): void {
  app.post(
    '/timers/batch',
    {
      bodyLimit: context.settings.batchBodyLimitBytes,
      preValidation: validateItems(
        createTimersRequestSchema,
        envelopeSchema,
        createTimerRequestSchema,
        'timers',
        ({ timers }) => timers,
      ),
      config: { access: 'write' },
      schema: {
        operationId: 'createTimers',
        tags: ['timers'],
        summary: 'Store up to 1,000 timers, all or none',
        headers: creationHeadersSchema,
        body: createTimersRequestSchema,
        response: responses(201, timerBatchResponseSchema, [400, 409, 413, 415]),
      },
    },
    async (request, reply) => {
      const items = request.body.timers;
      const timers = await createTimers(context, request, reply, items, (index) => `timers.${index}.`);
      return reply.code(201).send(success({ timers }));
    },
  );
}
