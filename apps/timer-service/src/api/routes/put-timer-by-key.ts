import {
  putTimerRequestSchema,
  timerKeyParamsSchema,
  timerResponseSchema,
  type ValidationIssue,
} from '@timer-platform/callback-types';
import { type Database, findTimer, type PutResult, putTimer, type Repeated } from '@timer-platform/database';
import type { ApiContext } from '../api-context.ts';
import type { Api } from '../api-instance.ts';
import { clientNameOf } from '../auth/authenticate.ts';
import { errorOf, notInFuture, timerNotFound, validationError } from '../http/api-error.ts';
import {
  creationHeadersSchema,
  idempotencyOf,
  repeatedTimers,
  REPLAYED_HEADER,
} from '../timers/idempotency.ts';
import { expiresBeforeDue, parseNewTimer } from '../timers/parse-timer-request.ts';
import { presentTimer } from '../timers/present-timer.ts';
import { responses, success } from './responses.ts';

/** `PUT /timers/by-key/:key`: stores a timer, or replaces the pending one that has the key. */
export function putTimerByKeyRoute(app: Api, context: ApiContext): void {
  const { db, settings, wake, checkCallback, headerKeys } = context;
  app.put(
    '/timers/by-key/:key',
    {
      bodyLimit: settings.bodyLimitBytes,
      config: { access: 'write' },
      schema: {
        operationId: 'putTimerByKey',
        tags: ['timers'],
        summary: 'Store a timer under a key, or replace the pending one',
        description:
          'Returns 201 for a new timer. Returns 200 for a replaced one, which keeps its id: no attempt starts with the old values, and fields that are absent are not kept. With the Idempotency-Key of an earlier request, returns 200 and its timer, and stores nothing.',
        params: timerKeyParamsSchema,
        headers: creationHeadersSchema,
        body: putTimerRequestSchema,
        response: {
          ...responses(201, timerResponseSchema, [400, 404, 409, 413, 415]),
          ...responses(200, timerResponseSchema, []),
        },
      },
    },
    async (request, reply) => {
      const issues: ValidationIssue[] = [];
      const timerKey = { client: clientNameOf(request), key: request.params.key };
      const timer = parseNewTimer(request.body, timerKey.client, { prefix: '', issues, checkCallback });
      if (issues.length > 0) throw validationError(issues);
      const idempotency = await idempotencyOf(request, [timerKey.key, request.body]);
      const result = await putTimer(db, timerKey, timer, { headerKeys, idempotency });
      const { id, created } =
        result.outcome === 'repeated' ? await repeatedPut(db, result) : putResult(result);
      if (result.outcome === 'repeated') void reply.header(REPLAYED_HEADER, 'true');
      const stored = await findTimer(db, id);
      if (stored === undefined) throw timerNotFound();
      wake(Number(stored.execute_at));
      return reply.code(created ? 201 : 200).send(success(presentTimer(stored, request, headerKeys)));
    },
  );
}

interface Put {
  readonly id: string;
  readonly created: boolean;
}

/** @throws {ApiError} code 7 */
async function repeatedPut(db: Database, repeated: Repeated): Promise<Put> {
  const [timer] = await repeatedTimers(db, repeated);
  if (timer === undefined) throw new Error('an idempotency key has no timer');
  return { id: timer.id, created: false };
}

/** @throws {ApiError} code 2 when the timer is executing, or its instants are too early */
function putResult(result: Exclude<PutResult, Repeated>): Put {
  switch (result.outcome) {
    case 'created':
    case 'replaced':
      return { id: result.id, created: result.outcome === 'created' };
    case 'wrong-state':
      throw errorOf('not_pending', `cannot replace timer with status '${result.status}'`, {
        timerStatus: result.status,
      });
    case 'in-the-past':
      throw notInFuture(['execute_at']);
    case 'expires-before-due':
      throw validationError([expiresBeforeDue('')]);
  }
}
