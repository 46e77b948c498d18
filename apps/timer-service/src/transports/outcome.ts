import type { Outcome } from './transport.ts';

export function delivered(statusCode: number | null): Outcome {
  return { kind: 'delivered', statusCode };
}

interface RetryableDetails {
  readonly statusCode?: number;
  readonly retryAfterMs?: number | null;
  readonly unreachable?: boolean;
}

export function retryable(reason: string, details: RetryableDetails = {}): Outcome {
  return {
    kind: 'retryable',
    reason,
    statusCode: details.statusCode ?? null,
    retryAfterMs: details.retryAfterMs ?? null,
    unreachable: details.unreachable ?? false,
  };
}

export function permanent(reason: string, statusCode: number | null = null): Outcome {
  return { kind: 'permanent', reason, statusCode };
}

/** The outcome of attempts that a closed transport ends or does not start. */
export const STOPPING = retryable('aborted: the service is stopping');

/** Formats a duration for a message: `250 ms`, `1.5 s`, `30 s`. */
export function formatDuration(milliseconds: number): string {
  return milliseconds < 1_000 ? `${milliseconds} ms` : `${milliseconds / 1_000} s`;
}
