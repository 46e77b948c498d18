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

function timesOf(request: UpdateTimerRequest, finding: ParseContext) {
  return {
    executeAt: instantOf(request.execute_at, 'execute_at', finding),
    delayMs: request.delay === undefined ? undefined : parseDuration(request.delay),
    expiresAt: request.expires_at === null ? null : instantOf(request.expires_at, 'expires_at', finding),
  };
}

/** What to store for a valid request. */
export function parseNewTimer(request: CreateTimerRequest, finding: ParseContext): NewTimer {
  refuseCallback(request.callback, finding);
  return {
    ...timesOf(request, finding),
    callback: request.callback,
    metadata: request.metadata,
    retry: request.retry,
  };
}

/** What to change for a valid request. */
export function parseTimerUpdate(request: UpdateTimerRequest, finding: ParseContext): TimerUpdate {
  if (request.callback !== undefined) refuseCallback(request.callback, finding);
  return {
    ...timesOf(request, finding),
    callback: request.callback,
    metadata: request.metadata,
    retry: request.retry,
  };
}
