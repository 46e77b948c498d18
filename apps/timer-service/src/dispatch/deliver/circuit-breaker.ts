/**
 * closed: attempts may start. open: none starts before `untilMs`. half-open: a trial attempt is under way.
 *
 * closed → open after {@link FAILURES_TO_OPEN} consecutive failures; open → half-open with the first attempt after
 * `untilMs`; half-open → open, for twice as long, if the trial fails, else → closed.
 */
export type BreakerState =
  | { readonly kind: 'closed'; readonly failures: number }
  | { readonly kind: 'open'; readonly untilMs: number; readonly forMs: number }
  | { readonly kind: 'half-open'; readonly forMs: number; readonly sinceMs: number };

/** What an attempt shows about the availability of what a breaker protects; neutral: nothing. */
export type Availability = 'available' | 'unavailable' | 'neutral';

const FAILURES_TO_OPEN = 10;
const FIRST_OPEN_MS = 1_000;
const LONGEST_OPEN_MS = 60_000;
/** A trial that takes longer than this, and longer than the breaker was open, does not hold up another one. */
const LONGEST_TRIAL_MS = 5_000;

export const CLOSED: BreakerState = { kind: 'closed', failures: 0 };

function openFor(forMs: number, retryAfterMs: number, nowMs: number): BreakerState {
  return { kind: 'open', untilMs: nowMs + Math.max(forMs, Math.min(retryAfterMs, LONGEST_OPEN_MS)), forMs };
}

/**
 * The state after an attempt. Of attempts that started before the breaker opened, only a success changes it.
 *
 * @param retryAfterMs the delay that the receiver requested, in milliseconds
 */
export function afterAttempt(
  state: BreakerState,
  availability: Availability,
  isTrial: boolean,
  retryAfterMs: number,
  nowMs: number,
): BreakerState {
  if (availability === 'neutral') return isTrial ? trialCanceled(state) : state;
  if (availability === 'available') return CLOSED;
  if (state.kind === 'half-open' && isTrial)
    return openFor(Math.min(state.forMs * 2, LONGEST_OPEN_MS), retryAfterMs, nowMs);
  if (state.kind !== 'closed') return state;
  const failures = state.failures + 1;
  return failures < FAILURES_TO_OPEN
    ? { kind: 'closed', failures }
    : openFor(FIRST_OPEN_MS, retryAfterMs, nowMs);
}

/** The trial has shown nothing: the next attempt becomes the trial. */
function trialCanceled(state: BreakerState): BreakerState {
  if (state.kind !== 'half-open') return state;
  return { kind: 'open', untilMs: Number.NEGATIVE_INFINITY, forMs: state.forMs };
}

/** Until when an attempt has to wait; `trial`: it may start as the trial; `start`: it may start. */
export function permissionOf(
  state: BreakerState,
  nowMs: number,
): 'start' | 'trial' | { readonly untilMs: number } {
  switch (state.kind) {
    case 'closed':
      return 'start';
    case 'open':
      return nowMs < state.untilMs ? { untilMs: state.untilMs } : 'trial';
    case 'half-open':
      return nowMs - state.sinceMs > Math.max(state.forMs, LONGEST_TRIAL_MS)
        ? 'trial'
        : { untilMs: nowMs + state.forMs };
  }
}

/** The state while the trial is under way. */
export function trialStarted(state: BreakerState, nowMs: number): BreakerState {
  return { kind: 'half-open', forMs: state.kind === 'closed' ? FIRST_OPEN_MS : state.forMs, sinceMs: nowMs };
}
