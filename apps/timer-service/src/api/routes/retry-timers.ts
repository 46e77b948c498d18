import { retriedResponseSchema, retryTimersRequestSchema } from '@timer-platform/callback-types';
import { countFailedTimers, retryTimers } from '@timer-platform/database';
import type { ApiContext } from '../api-context.ts';
import type { Api } from '../api-instance.ts';
import { validationError } from '../http/api-error.ts';
import { INSTANT_RANGE, normalizeInstant } from '../timers/normalize-instant.ts';
import { responses, success } from './responses.ts';

/** @throws {ApiError} code 2: a filter that cannot be applied must not match everything */
function instantOf(text: string | undefined, path: string): string | undefined {
  if (text === undefined) return undefined;
  const instant = normalizeInstant(text);
  if (instant === undefined) throw validationError([{ path, message: INSTANT_RANGE }]);
  return instant;
}

function result(matched: number, retried: number, more: boolean) {
  return { matched, retried, changed: retried, skipped: 0, more, cursor: null, action_id: null };
}

/** `POST /timers/retry`: failed → pending for all timers that match a filter. */
export function retryTimersRoute(app: Api, { db, wake }: ApiContext): void {
  app.post(
    '/timers/retry',
    {
      config: { access: 'admin' },
      schema: {
        operationId: 'retryTimers',
        tags: ['timers'],
        summary: 'Retry failed timers that match a filter',
        description: 'Needs a key of the role admin. Repeat the request while `more` is true.',
        body: retryTimersRequestSchema,
        response: responses(200, retriedResponseSchema, [400, 413, 415]),
      },
    },
    async (request) => {
      const { callback_type, failed_from, failed_before, last_error, limit, dry_run } = request.body;
      const filter = {
        callbackType: callback_type,
        failedFrom: instantOf(failed_from, 'failed_from'),
        failedBefore: instantOf(failed_before, 'failed_before'),
        lastError: last_error,
      };
      if (dry_run) {
        const counted = await countFailedTimers(db, filter, limit + 1);
        return success(result(Math.min(counted, limit), 0, counted > limit));
      }
      const retried = await retryTimers(db, filter, limit);
      if (retried > 0) wake();
      return success(result(retried, retried, retried === limit));
    },
  );
}
