import type { RetryPolicy } from '@timer-platform/callback-types';
import type { Outcome } from '../../transports/transport.ts';
import { giveUpAt, maxAttempts, retryDelay } from './retry-schedule.ts';

/** The input of the decision. Instants are milliseconds since 1970. */
export interface FinishedAttempt {
  readonly outcome: Exclude<Outcome, { kind: 'withdrawn' }>;
  /** Attempts that counted before this one. */
  readonly attemptsBefore: number;
  readonly retry: RetryPolicy | null;
  /** When attempts began to count for give_up_after. */
  readonly retryFromMs: number;
  readonly expiresAtMs: number | null;
  readonly nowMs: number;
  /** From 0 up to 1. */
  readonly random: number;
}

/** What happens to the timer. */
export type NextStep =
  | { readonly kind: 'complete' }
  | { readonly kind: 'retry'; readonly atMs: number; readonly error: string }
  | { readonly kind: 'fail'; readonly error: string };

/** A longer Retry-After is reduced to this. */
export const MAX_RETRY_AFTER_MS = 24 * 60 * 60 * 1_000;

/** Decides what follows from an attempt. This is the only place that does. */
export function nextStep(attempt: FinishedAttempt): NextStep {
  const { outcome, attemptsBefore, retry, nowMs } = attempt;
  if (outcome.kind === 'delivered') return { kind: 'complete' };
  if (outcome.kind === 'permanent') return { kind: 'fail', error: outcome.reason };

  const attempts = attemptsBefore + 1;
  if (attempts >= maxAttempts(retry))
    return {
      kind: 'fail',
      error: attempts === 1 ? outcome.reason : `${outcome.reason} (gave up after ${attempts} attempts)`,
    };

  const requestedMs = Math.min(outcome.retryAfterMs ?? 0, MAX_RETRY_AFTER_MS);
  const atMs = nowMs + Math.max(requestedMs, retryDelay(retry, attempts, attempt.random));
  if (atMs > giveUpAt(retry, attempt.retryFromMs))
    return {
      kind: 'fail',
      error: `${outcome.reason} (the next attempt would be later than give_up_after allows)`,
    };
  if (attempt.expiresAtMs !== null && atMs > attempt.expiresAtMs)
    return { kind: 'fail', error: `${outcome.reason} (the next attempt would be after expires_at)` };
  return { kind: 'retry', atMs, error: outcome.reason };
}
