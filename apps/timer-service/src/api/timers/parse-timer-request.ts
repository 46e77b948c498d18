import {
  type CallbackConfig,
  type CreateTimerRequest,
  matchCallback,
  parseDuration,
  type UpdateTimerRequest,
  type ValidationIssue,
} from '@timer-platform/callback-types';
import type { NewTimer, TimerUpdate } from '@timer-platform/database';
import type { RejectCallback } from '../api-context.ts';
import { normaliseInstant } from './normalize-instant.ts';

/** Faults that only the service can tell go to `issues`; their paths begin with `prefix`. */
interface ParseContext {
  readonly prefix: string;
  readonly issues: ValidationIssue[];
  readonly refuseDestination: RejectCallback;
}

function instantOf(
  text: string | undefined,
  field: string,
  { prefix, issues }: ParseContext,
): string | undefined {
  if (text === undefined) return undefined;
  const instant = normaliseInstant(text);
  if (instant === undefined) issues.push({ path: prefix + field, message: 'must be before the year 10000' });
  return instant;
}

function refuseCallback(callback: CallbackConfig, { prefix, issues, refuseDestination }: ParseContext): void {
  const message = refuseDestination(callback);
  if (message === undefined) return;
  const field = matchCallback(callback, { http: () => 'callback.url', nats: () => 'callback.type' });
  issues.push({ path: prefix + field, message });
}

type Timing = Pick<UpdateTimerRequest, 'execute_at' | 'delay' | 'expires_at'>;

function timesOf(request: Timing, finding: ParseContext) {
  return {
    executeAt: instantOf(request.execute_at, 'execute_at', finding),
    delayMs: request.delay === undefined ? undefined : parseDuration(request.delay),
    expiresAt: request.expires_at === null ? null : instantOf(request.expires_at, 'expires_at', finding),
  };
}

/** A request field that is not destructured below is a compile error, so that no new field is dropped silently. */
type NoFields = Record<string, never>;

/** What to store for a valid request. */
export function parseNewTimer(request: CreateTimerRequest, finding: ParseContext): NewTimer {
  const { execute_at, delay, expires_at, callback, metadata, retry, ...unhandled } = request;
  unhandled satisfies NoFields;
  refuseCallback(callback, finding);
  return { ...timesOf({ execute_at, delay, expires_at }, finding), callback, metadata, retry };
}

/** What to change for a valid request. */
export function parseTimerUpdate(request: UpdateTimerRequest, finding: ParseContext): TimerUpdate {
  const { execute_at, delay, expires_at, callback, metadata, retry, ...unhandled } = request;
  unhandled satisfies NoFields;
  if (callback !== undefined) refuseCallback(callback, finding);
  return { ...timesOf({ execute_at, delay, expires_at }, finding), callback, metadata, retry };
}
