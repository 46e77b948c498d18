import type { Outcome } from '../../transports/transport.ts';

/**
 * closed: attempts go on. open: none starts before `untilMs`. probing: one attempt is under way to find out.
 *
 * closed → open after {@link FAILURES_TO_OPEN} failures in a row; open → probing with the first attempt after `untilMs`;
 * probing → closed when it delivers (or fails for a reason of its own), → open, for twice as long, when it does not.
 */
export type BreakerState =
  | { readonly kind: 'closed'; readonly failures: number }
  | { readonly kind: 'open'; readonly untilMs: number; readonly forMs: number }
  | { readonly kind: 'probing'; readonly forMs: number };

const FAILURES_TO_OPEN = 10;
const FIRST_OPEN_MS = 1_000;
const LONGEST_OPEN_MS = 60_000;
/** Statuses by which a gateway says that what is behind it is away, or a receiver that all of it is too busy. */
const AWAY = new Set([429, 502, 503, 504]);

export const CLOSED: BreakerState = { kind: 'closed', failures: 0 };

/** Whether an attempt says that the destination as a whole is away, rather than that it did not like this callback. */
function isAway(outcome: Outcome): boolean {
  return outcome.kind === 'retryable' && (outcome.unreachable || AWAY.has(outcome.statusCode ?? 0));
}

function opened(forMs: number, outcome: Outcome, nowMs: number): BreakerState {
  const asked = outcome.kind === 'retryable' ? Math.min(outcome.retryAfterMs ?? 0, LONGEST_OPEN_MS) : 0;
  return { kind: 'open', untilMs: nowMs + Math.max(forMs, asked), forMs };
}

/** The state after an attempt has ended. Attempts that were under way when the breaker opened change nothing. */
export function afterAttempt(
  state: BreakerState,
  outcome: Outcome,
  probe: boolean,
  nowMs: number,
): BreakerState {
  const away = isAway(outcome);
  if (state.kind === 'probing' && probe)
    return away ? opened(Math.min(state.forMs * 2, LONGEST_OPEN_MS), outcome, nowMs) : CLOSED;
  if (state.kind !== 'closed') return outcome.kind === 'delivered' ? CLOSED : state;
  if (!away) return CLOSED;
  const failures = state.failures + 1;
  return failures < FAILURES_TO_OPEN ? { kind: 'closed', failures } : opened(FIRST_OPEN_MS, outcome, nowMs);
}

/** Whether an attempt may start now, as what, or until when it has to wait. */
export function admit(
  state: BreakerState,
  nowMs: number,
):
  | { readonly kind: 'start' }
  | { readonly kind: 'probe'; readonly state: BreakerState }
  | { readonly kind: 'wait'; readonly untilMs: number } {
  switch (state.kind) {
    case 'closed':
      return { kind: 'start' };
    case 'open':
      return nowMs < state.untilMs
        ? { kind: 'wait', untilMs: state.untilMs }
        : { kind: 'probe', state: { kind: 'probing', forMs: state.forMs } };
    case 'probing':
      return { kind: 'wait', untilMs: nowMs + state.forMs };
  }
}
