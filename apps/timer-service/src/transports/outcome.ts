import type { DestinationPart, Outcome, WithdrawalCause } from './transport.ts';

export function delivered(statusCode: number | null, isDuplicate = false): Outcome {
  return { kind: 'delivered', statusCode, isDuplicate };
}

interface RetryableDetails {
  readonly statusCode?: number;
  readonly retryAfterMs?: number | null;
  readonly unavailable?: DestinationPart;
}

export function retryable(reason: string, details: RetryableDetails = {}): Outcome {
  return {
    kind: 'retryable',
    reason,
    statusCode: details.statusCode ?? null,
    retryAfterMs: details.retryAfterMs ?? null,
    unavailable: details.unavailable ?? null,
  };
}

export function permanent(reason: string, statusCode: number | null = null): Outcome {
  return { kind: 'permanent', reason, statusCode };
}

export function withdrawn(cause: WithdrawalCause, reason: string): Outcome {
  return { kind: 'withdrawn', cause, reason };
}

/** The outcome of attempts that a closed transport ends or does not start. */
export const STOPPING = withdrawn('stopping', 'aborted: the service is stopping');
/** The outcome of attempts that were not allowed to start any more. */
export const REFUSED = withdrawn('refused', 'not started');

/** Formats a duration for a message: `250 ms`, `1.5 s`, `30 s`. */
export function formatDuration(milliseconds: number): string {
  return milliseconds < 1_000 ? `${milliseconds} ms` : `${milliseconds / 1_000} s`;
}
