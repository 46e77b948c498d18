import { z } from 'zod';
import type { ErrorName } from './error-code.ts';

/** A kind of rejection that its `code` does not tell from others: a program handles it in its own way. */
export interface ErrorReasonKind {
  /** The error whose code and HTTP status the response has. */
  readonly error: ErrorName;
  readonly meaning: string;
}

/** Every `reason` of an error response. Most errors have none: their code says what to do. */
export const ERROR_REASONS = {
  not_pending: {
    error: 'validation',
    meaning:
      'Too late: only a pending timer can be updated, replaced, canceled or run now; status has its status',
  },
  not_failed: {
    error: 'validation',
    meaning: 'Only a failed timer can be retried; status has its status',
  },
  in_the_past: {
    error: 'validation',
    meaning: 'execute_at is not in the future by the clock of the database',
  },
  key_in_use: {
    error: 'keyInUse',
    meaning: 'An unfinished timer has this key: replace it with PUT /timers/by-key/:key, or cancel it',
  },
  timer_not_found: { error: 'notFound', meaning: 'No timer has this id or key: never stored, or deleted' },
  schedule_not_found: {
    error: 'notFound',
    meaning: 'This API key has no schedule with this key: never stored, or deleted',
  },
  too_many_occurrences: {
    error: 'validation',
    meaning: 'The range of a backfill has more than 10,000 occurrences: split it',
  },
  too_many_schedules: {
    error: 'limitReached',
    meaning: 'The client has as many schedules as SCHEDULES_PER_CLIENT allows',
  },
  too_many_destinations: {
    error: 'limitReached',
    meaning: '1,000 destinations are paused or have limits, which is the most',
  },
  too_many_subscribers: {
    error: 'limitReached',
    meaning: '100 clients get live events from this process, which is the most',
  },
  revision_mismatch: {
    error: 'preconditionFailed',
    meaning: 'The schedule has another revision than If-Match: read it again',
  },
  schedule_exists: {
    error: 'preconditionFailed',
    meaning: 'A schedule has this key, and If-None-Match: * asks for a new one',
  },
  action_not_found: {
    error: 'notFound',
    meaning: 'The audit log has no action with this id: never recorded, or deleted',
  },
  not_undoable: {
    error: 'validation',
    meaning: 'Only a cancellation or a reschedule of many timers can be undone, within 24 hours',
  },
  already_undone: { error: 'validation', meaning: 'The action was undone before' },
  path_not_found: { error: 'notFound', meaning: 'The service has no such path: is its URL right?' },
  different_request: {
    error: 'idempotencyConflict',
    meaning: 'The Idempotency-Key belongs to another request',
  },
  timers_deleted: {
    error: 'idempotencyConflict',
    meaning: 'The timers of the first request with this Idempotency-Key have been deleted',
  },
  too_many_requests: { error: 'rateLimited', meaning: 'The API key is above its rate limit' },
  too_many_wrong_keys: {
    error: 'rateLimited',
    meaning: 'The API key is wrong, like many before it from this address: a retry does not help',
  },
} as const satisfies Record<string, ErrorReasonKind>;

/** Why a request was rejected, for programs. Later versions may add reasons. */
export type ErrorReason = keyof typeof ERROR_REASONS;

function isErrorReason(text: unknown): text is ErrorReason {
  return typeof text === 'string' && Object.hasOwn(ERROR_REASONS, text);
}

/** A reason in a response. One that a later version has added is read as absent: the code still tells what to do. */
export const errorReasonSchema = z.preprocess(
  (value) => (isErrorReason(value) ? value : undefined),
  z.enum(Object.keys(ERROR_REASONS) as [ErrorReason, ...ErrorReason[]]).optional(),
);
