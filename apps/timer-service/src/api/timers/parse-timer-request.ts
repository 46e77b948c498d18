import {
  type CallbackConfig,
  type CreateTimerRequest,
  deliveredBytes,
  matchCallback,
  parseDuration,
  type PutTimerRequest,
  type UpdateTimerRequest,
  type ValidationIssue,
} from '@timer-platform/callback-types';
import type { NewTimer, TimerUpdate } from '@timer-platform/database';
import type { CallbackCheck } from '../api-context.ts';
import { INSTANT_RANGE, normalizeInstant } from './normalize-instant.ts';

/** Collects the issues that the schemas cannot detect; their paths start with `prefix`. */
interface ParseContext {
  readonly prefix: string;
  readonly issues: ValidationIssue[];
  readonly checkCallback: CallbackCheck;
}

function instantOf(
  text: string | undefined,
  field: string,
  { prefix, issues }: ParseContext,
): string | undefined {
  if (text === undefined) return undefined;
  const instant = normalizeInstant(text);
  if (instant === undefined) issues.push({ path: prefix + field, message: INSTANT_RANGE });
  return instant;
}

/** Adds an issue if this service could never deliver the callback. */
export function validateCallback(
  callback: CallbackConfig,
  { prefix, issues, checkCallback }: ParseContext,
): void {
  const message = checkCallback(callback, () => deliveredBytes(callback.payload));
  if (message === undefined) return;
  const field = matchCallback(callback, { http: () => 'callback.url', nats: () => 'callback.type' });
  issues.push({ path: prefix + field, message });
}

type Timing = Pick<UpdateTimerRequest, 'execute_at' | 'delay' | 'expires_at'>;

function timesOf(request: Timing, context: ParseContext) {
  return {
    executeAt: instantOf(request.execute_at, 'execute_at', context),
    delayMs: request.delay === undefined ? undefined : parseDuration(request.delay),
    expiresAt: request.expires_at === null ? null : instantOf(request.expires_at, 'expires_at', context),
  };
}

/** The issue of a timer that would expire before or when it is due, or has expired. */
export function expiresBeforeDue(prefix: string): ValidationIssue {
  return { path: `${prefix}expires_at`, message: 'must be in the future and after execute_at' };
}

/** Makes a request field that is not destructured below a compile error, so that no new field is dropped silently. */
type NoFields = Record<string, never>;

/**
 * Converts a create request. Adds its issues to the context; with any, the result must not be used.
 *
 * @param client the name of the API key, which has keys of timers of its own
 */
export function parseNewTimer(
  request: CreateTimerRequest | PutTimerRequest,
  client: string,
  context: ParseContext,
): NewTimer {
  const { execute_at, delay, expires_at, callback, metadata, retry, key, ...unhandled } = {
    key: undefined,
    ...request,
  };
  unhandled satisfies NoFields;
  validateCallback(callback, context);
  const timerKey = key === undefined ? undefined : { client, key };
  return { ...timesOf({ execute_at, delay, expires_at }, context), callback, metadata, retry, timerKey };
}

/** Converts an update request. Adds its issues to the context; with any, the result must not be used. */
export function parseTimerUpdate(request: UpdateTimerRequest, context: ParseContext): TimerUpdate {
  const { execute_at, delay, expires_at, callback, metadata, retry, ...unhandled } = request;
  unhandled satisfies NoFields;
  if (callback !== undefined) validateCallback(callback, context);
  return { ...timesOf({ execute_at, delay, expires_at }, context), callback, metadata, retry };
}
