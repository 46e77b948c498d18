import type { TimerError, TimerErrorKind } from './errors.ts';

const FIRST_MS = 200;
const MAX_MS = 5_000;

/** What an error of a kind says about the request: whether it was refused for good, or the status decides. */
const VERDICTS: Readonly<Record<TimerErrorKind, 'final' | 'transient' | 'lost' | 'by status'>> = {
  validation: 'final',
  notFound: 'final',
  unauthorized: 'final',
  payloadTooLarge: 'final',
  unsupportedMediaType: 'final',
  idempotencyConflict: 'final',
  forbidden: 'final',
  methodNotAllowed: 'final',
  keyInUse: 'final',
  preconditionFailed: 'final',
  limitReached: 'final',
  rateLimited: 'transient',
  internal: 'lost',
  network: 'lost',
  timeout: 'lost',
  aborted: 'lost',
  unknown: 'by status',
  badResponse: 'by status',
};

/** Statuses of proxies and overloaded services after which the same request may succeed. */
const TRANSIENT_STATUSES = new Set([408, 429, 500, 502, 503, 504]);

/** Whether the same request may succeed when it is sent again. */
export function isTransient({ kind, reason, httpStatus = 0 }: TimerError): boolean {
  // The API key is wrong: more requests only prolong the limit for others behind the same address.
  if (reason === 'too_many_wrong_keys') return false;
  if (VERDICTS[kind] === 'by status') return TRANSIENT_STATUSES.has(httpStatus);
  return kind !== 'aborted' && VERDICTS[kind] !== 'final';
}

/**
 * Whether the service may have carried out the request that ended with this error. A request that it refused has changed
 * nothing.
 */
export function isUncertain({ kind, httpStatus = 0 }: TimerError): boolean {
  if (VERDICTS[kind] === 'by status') return httpStatus < 300 || httpStatus >= 500;
  return VERDICTS[kind] === 'lost';
}

/**
 * The wait before try `tries + 1`, in milliseconds: random between 0 and a bound that doubles with each try (full jitter),
 * and never less than the service asked for.
 *
 * @param random a number from 0 to 1
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function backoffMs(tries: number, random: number, retryAfterMs = 0): number {
  const bound = Math.min(MAX_MS, FIRST_MS * 2 ** (tries - 1));
  return retryAfterMs + random * bound;
}
