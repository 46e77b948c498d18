import type { Outcome } from '../../transports/transport.ts';
import type { StartProblem } from './start-check.ts';

/** What happens to a timer whose attempt does not count. */
export type WithdrawalStep =
  | { readonly kind: 'release'; readonly delayMs: number; readonly reason: string | null }
  | { readonly kind: 'fail'; readonly error: string };

const SHORTAGE_DELAY_MS = 1_000;
/** A timer that this process cannot deliver is released for ever longer, so that others get it. */
const FIRST_UNDELIVERABLE_DELAY_MS = 1_000;
const LONGEST_UNDELIVERABLE_DELAY_MS = 60 * 60 * 1_000;
/** A rolling change of settings is over by then: no process can deliver it. */
const UNDELIVERABLE_MS = 24 * 60 * 60 * 1_000;

/**
 * Decides what follows from a withdrawn attempt.
 *
 * @param problem what {@link startProblem} finds now
 * @param ageMs how long the timer has been due, in milliseconds
 */
export function stepAfterWithdrawal(
  { cause, reason }: Extract<Outcome, { kind: 'withdrawn' }>,
  problem: StartProblem | undefined,
  ageMs: number,
): WithdrawalStep {
  if (typeof problem === 'object') return { kind: 'fail', error: problem.error };
  switch (cause) {
    case 'refused':
    case 'stopping':
      return { kind: 'release', delayMs: 0, reason: null };
    case 'shortage':
      return { kind: 'release', delayMs: SHORTAGE_DELAY_MS, reason };
    case 'undeliverable': {
      if (ageMs >= UNDELIVERABLE_MS) return { kind: 'fail', error: reason };
      const delayMs = Math.min(Math.max(ageMs, FIRST_UNDELIVERABLE_DELAY_MS), LONGEST_UNDELIVERABLE_DELAY_MS);
      return { kind: 'release', delayMs, reason };
    }
  }
}
