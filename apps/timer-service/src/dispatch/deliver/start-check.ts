import type { ClaimedTimer } from '../claimed-timer.ts';
import { giveUpAt } from '../settle/retry-schedule.ts';

/** Why an attempt must not start: its claim may have ended, or it would be too late. */
export type StartProblem = 'lease-invalid' | { readonly error: string };

/**
 * Checks whether an attempt at a timer may start, or go on to write its message, at this instant.
 *
 * @param monotonicMs by the clock of this process, which leases follow
 * @param nowMs the same instant by the database's clock, in milliseconds since 1970
 */
export function startProblem(
  { expiresAtMs, lease, retry, retryFromMs }: ClaimedTimer,
  monotonicMs: number,
  nowMs: number,
): StartProblem | undefined {
  if (expiresAtMs !== null && expiresAtMs <= nowMs)
    return { error: 'expired: no attempt could start before expires_at' };
  if (retry !== null && giveUpAt(retry, retryFromMs) < nowMs)
    return { error: 'given up: no attempt could start within give_up_after' };
  return lease.isValid(monotonicMs) ? undefined : 'lease-invalid';
}
