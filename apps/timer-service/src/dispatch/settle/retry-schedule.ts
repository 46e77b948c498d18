import { parseDuration, type RetryPolicy } from '@timer-platform/callback-types';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Delays after each failed attempt of a timer without its own policy: ten attempts in about 16 hours. */
const DEFAULT_DELAYS_MS: readonly number[] = [
  5 * SECOND,
  30 * SECOND,
  2 * MINUTE,
  10 * MINUTE,
  30 * MINUTE,
  1 * HOUR,
  2 * HOUR,
  4 * HOUR,
  8 * HOUR,
];

const DEFAULT_MAX_ATTEMPTS = DEFAULT_DELAYS_MS.length + 1;

/** Delays grow by a random share up to this, so that timers that failed together are not retried together. */
const JITTER = 0.2;

/** The number of attempts that the policy allows. */
export function maxAttempts(policy: RetryPolicy | null): number {
  return policy?.max_attempts ?? (policy?.delays ? policy.delays.length + 1 : DEFAULT_MAX_ATTEMPTS);
}

/** Parses a duration of a stored policy; the fallback is for rows written by hand. */
function storedDuration(text: string, fallbackMs: number): number {
  return parseDuration(text) ?? fallbackMs;
}

function baseDelay(policy: RetryPolicy | null, failedAttempts: number): number {
  if (policy?.exponential) {
    const { initial, factor, max } = policy.exponential;
    const delayMs = storedDuration(initial, 5 * SECOND) * factor ** (failedAttempts - 1);
    return Math.min(delayMs, storedDuration(max, HOUR));
  }
  const delays = policy?.delays?.map((delay) => storedDuration(delay, MINUTE)) ?? DEFAULT_DELAYS_MS;
  return delays[Math.min(failedAttempts, delays.length) - 1] ?? MINUTE;
}

/**
 * The delay after the `failedAttempts`-th failed attempt, in milliseconds.
 *
 * @param random from 0 up to 1, determines the jitter
 */
export function retryDelay(policy: RetryPolicy | null, failedAttempts: number, random: number): number {
  return baseDelay(policy, failedAttempts) * (1 + JITTER * random);
}

/** The instant after which no attempt starts, in milliseconds since 1970; Infinity if there is none. */
export function giveUpAt(policy: RetryPolicy | null, fromMs: number): number {
  if (policy?.give_up_after === undefined) return Number.POSITIVE_INFINITY;
  return fromMs + storedDuration(policy.give_up_after, Number.POSITIVE_INFINITY);
}
