import type { Outcome } from '../../transports/transport.ts';

/**
 * closed: attempts may start. open: none starts before `untilMs`. half-open: one trial attempt is under way.
 *
 * closed → open after {@link FAILURES_TO_OPEN} consecutive failures; open → half-open with the first attempt after
 * `untilMs`; half-open → open, for twice as long, if the trial finds the destination unavailable, else → closed.
 */
export type BreakerState =
  | { readonly kind: 'closed'; readonly failures: number }
  | { readonly kind: 'open'; readonly untilMs: number; readonly forMs: number }
  | { readonly kind: 'half-open'; readonly forMs: number };

const FAILURES_TO_OPEN = 10;
const FIRST_OPEN_MS = 1_000;
const LONGEST_OPEN_MS = 60_000;
/** Statuses of a gateway whose backend is unavailable, or of an overloaded receiver. */
const UNAVAILABLE_STATUSES = new Set([429, 502, 503, 504]);

export const CLOSED: BreakerState = { kind: 'closed', failures: 0 };

/** Whether the outcome means that the destination is unavailable, not that it rejected this callback. */
function isUnavailable(outcome: Outcome): boolean {
  return (
    outcome.kind === 'retryable' && (outcome.unreachable || UNAVAILABLE_STATUSES.has(outcome.statusCode ?? 0))
  );
}

function openBreaker(forMs: number, outcome: Outcome, nowMs: number): BreakerState {
  const requestedMs = outcome.kind === 'retryable' ? Math.min(outcome.retryAfterMs ?? 0, LONGEST_OPEN_MS) : 0;
  return { kind: 'open', untilMs: nowMs + Math.max(forMs, requestedMs), forMs };
}

/** The state after an attempt. Of attempts that started before the breaker opened, only a delivery changes it. */
export function afterAttempt(
  state: BreakerState,
  outcome: Outcome,
  isTrial: boolean,
  nowMs: number,
): BreakerState {
  const unavailable = isUnavailable(outcome);
  if (state.kind === 'half-open' && isTrial)
    return unavailable ? openBreaker(Math.min(state.forMs * 2, LONGEST_OPEN_MS), outcome, nowMs) : CLOSED;
  if (state.kind !== 'closed') return outcome.kind === 'delivered' ? CLOSED : state;
  if (!unavailable) return CLOSED;
  const failures = state.failures + 1;
  return failures < FAILURES_TO_OPEN
    ? { kind: 'closed', failures }
    : openBreaker(FIRST_OPEN_MS, outcome, nowMs);
}

/** Whether an attempt may start now, whether it is the trial, or until when it has to wait. */
export function admit(
  state: BreakerState,
  nowMs: number,
):
  | { readonly kind: 'start' }
  | { readonly kind: 'trial'; readonly state: BreakerState }
  | { readonly kind: 'wait'; readonly untilMs: number } {
  switch (state.kind) {
    case 'closed':
      return { kind: 'start' };
    case 'open':
      return nowMs < state.untilMs
        ? { kind: 'wait', untilMs: state.untilMs }
        : { kind: 'trial', state: { kind: 'half-open', forMs: state.forMs } };
    case 'half-open':
      return { kind: 'wait', untilMs: nowMs + state.forMs };
  }
}
