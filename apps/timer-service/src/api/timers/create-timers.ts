import type { CreateTimerRequest, TimerSummary, ValidationIssue } from '@timer-platform/callback-types';
import { insertTimers, mapInTurns } from '@timer-platform/database';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiContext } from '../api-context.ts';
import { clientNameOf } from '../auth/authenticate.ts';
import { keyInUse, notInFuture, validationError } from '../http/api-error.ts';
import { idempotencyOf, repeatedTimers, REPLAYED_HEADER } from './idempotency.ts';
import { expiresBeforeDue, parseNewTimer } from './parse-timer-request.ts';
import { presentInserted, presentSummary } from './present-timer.ts';

/**
 * Stores all timers of a request or none, and returns them in order.
 *
 * @param prefixOf returns the prefix of issue paths in the item with this index
 * @throws {ApiError} code 2 with every issue, code 7 for an Idempotency-Key of another request, code 11 for a key that an
 *   unfinished timer has
 */
export async function createTimers(
  { db, wake, checkCallback, headerKeys }: ApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
  items: readonly CreateTimerRequest[],
  prefixOf: (index: number) => string,
): Promise<TimerSummary[]> {
  const issues: ValidationIssue[] = [];
  const client = clientNameOf(request);
  const timers = await mapInTurns(items, (item, index) =>
    parseNewTimer(item, client, { prefix: prefixOf(index), issues, checkCallback }),
  );
  if (issues.length > 0) throw validationError(issues);
  const result = await insertTimers(db, timers, await idempotencyOf(request, items), headerKeys);
  switch (result.outcome) {
    case 'in-the-past':
      throw notInFuture(result.items.map((index) => `${prefixOf(index)}execute_at`));
    case 'expires-before-due':
      throw validationError(result.items.map((index) => expiresBeforeDue(prefixOf(index))));
    case 'key-in-use':
      throw keyInUse(result.items.map((index) => `${prefixOf(index)}key`));
    case 'repeated': {
      const repeated = await repeatedTimers(db, result);
      void reply.header(REPLAYED_HEADER, 'true');
      return repeated.map(presentSummary);
    }
    case 'inserted':
      wake(Math.min(...result.timers.map(({ executeAt }) => executeAt.getTime())));
      return result.timers.map(presentInserted);
  }
}
