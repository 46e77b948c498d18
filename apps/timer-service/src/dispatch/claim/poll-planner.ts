/** How the dispatcher looks for due timers. All in milliseconds. */
export interface PollRules {
  /** How far ahead of their due instant timers are claimed. */
  readonly lookAheadMs: number;
  /** Timers of one claim at most. */
  readonly batch: number;
}

/** What to do now: claim timers due from `dueFromMs` on, or do nothing until `untilMs`. */
export type PollDecision =
  | { readonly kind: 'fresh' | 'backlog'; readonly dueFromMs: number }
  | { readonly kind: 'sleep'; readonly untilMs: number };

/** What a claim found. */
export interface PollResult {
  readonly full: boolean;
  /** How long the claim took. */
  readonly tookMs: number;
  /** Everything due up to here was looked at: not the time of the answer, which is later by what the claim took. */
  readonly polledUpToMs: number;
  /** Due instant of the last timer claimed; null: none was. */
  readonly lastDueMs: number | null;
  /** Due instant of the next one beyond the look-ahead; null: none is stored. */
  readonly nextDueMs: number | null;
}

/** How often to look for timers that this process was not told of. */
const SAFETY_POLL_MS = 500;
/** How far back such a look goes: a timer is due after the transaction that stored it began. */
const SAFETY_POLL_BACK_MS = 1_000;
/** How often to look at everything due, however old. */
const FULL_POLL_MS = 2_000;
/**
 * A full look steps over the index entries of every finished timer that an old transaction keeps from being removed.
 * Where that takes long it is done more seldom: for a fiftieth of the time, but at least every ten seconds.
 */
const FULL_POLL_SHARE = 0.02;
const LONGEST_FULL_POLL_MS = 10_000;
/** Of the look-ahead, this share passes between two looks: the rest is time to claim in. */
const GAP_SHARE = 0.4;
/** How long before its due instant a timer that was just stored is claimed, at the latest. */
const CLAIM_TIME_MS = 25;

/**
 * Decides when to look for due timers, and from which due instant on. Pure but for its own state; instants are
 * milliseconds by the database's clock.
 *
 * There are two kinds of look. A *fresh* one claims what came within reach of the look-ahead since the last; it is
 * timed to the next known due instant and is always small in its window, so that timers due now are found at once,
 * whatever else is overdue. A *backlog* look works through the rest in the order in which it was due, and only while
 * there is room to start it: after a start, after a burst larger than a batch, and, as a safety net that everything else
 * may fail over, from {@link SAFETY_POLL_BACK_MS} ago every {@link SAFETY_POLL_MS} and from the very beginning every
 * {@link FULL_POLL_MS} or, where that is slow, more seldom. Both begin at a low-water mark, so that entries of the index that belong to timers claimed
 * before are not stepped over again and again while an old transaction keeps them from being removed.
 */
export class PollPlanner {
  readonly #rules: PollRules;
  #freshFromMs: number;
  #nextFreshMs = Number.POSITIVE_INFINITY;
  /** The earliest instant that a timer stored since the last look began is due at: that look may not have seen it. */
  #wokenForMs = Number.POSITIVE_INFINITY;
  #backlogFromMs = Number.NEGATIVE_INFINITY;
  #nextSafetyPollMs: number;
  #nextFullMs: number;

  constructor(rules: PollRules, nowMs: number) {
    this.#rules = rules;
    this.#freshFromMs = nowMs;
    this.#nextSafetyPollMs = nowMs + SAFETY_POLL_MS;
    this.#nextFullMs = nowMs + FULL_POLL_MS;
  }

  /** What to do at `nowMs`. Without room, of either kind, a look has to wait. */
  next(nowMs: number, room: { readonly fresh: boolean; readonly backlog: boolean }): PollDecision {
    if (nowMs >= this.#nextFreshMs && room.fresh) {
      this.#wokenForMs = Number.POSITIVE_INFINITY;
      return { kind: 'fresh', dueFromMs: this.#freshFromMs };
    }
    if (nowMs >= this.#nextFullMs) {
      this.#backlogFromMs = Number.NEGATIVE_INFINITY;
      this.#nextFullMs = nowMs + FULL_POLL_MS;
    }
    if (nowMs >= this.#nextSafetyPollMs) {
      this.#backlogFromMs = Math.min(this.#backlogFromMs, nowMs - SAFETY_POLL_BACK_MS);
      this.#nextSafetyPollMs = nowMs + SAFETY_POLL_MS;
    }
    if (this.#backlogFromMs < Number.POSITIVE_INFINITY && room.backlog)
      return { kind: 'backlog', dueFromMs: this.#backlogFromMs };
    // Without room for a fresh look only the end of an attempt makes some, and that wakes the loop by itself.
    return {
      kind: 'sleep',
      untilMs: Math.min(room.fresh ? this.#nextFreshMs : Infinity, this.#nextSafetyPollMs),
    };
  }

  /** Takes in what a look found. */
  recordPoll(kind: 'fresh' | 'backlog', result: PollResult): void {
    const { lookAheadMs } = this.#rules;
    const { polledUpToMs } = result;
    const earliestMs = polledUpToMs - lookAheadMs * (1 - GAP_SHARE);
    if (kind === 'fresh') {
      this.#freshFromMs = polledUpToMs;
      this.#nextFreshMs = Number.POSITIVE_INFINITY;
      if (this.#wokenForMs < Number.POSITIVE_INFINITY) this.wake(this.#wokenForMs);
      if (result.full)
        this.#backlogFromMs = Math.min(this.#backlogFromMs, result.lastDueMs ?? Number.NEGATIVE_INFINITY);
    } else {
      if (this.#backlogFromMs === Number.NEGATIVE_INFINITY) {
        const pauseMs = Math.min(result.tookMs / FULL_POLL_SHARE, LONGEST_FULL_POLL_MS);
        this.#nextFullMs = Math.max(this.#nextFullMs, polledUpToMs - lookAheadMs + pauseMs);
      }
      this.#backlogFromMs = result.full
        ? (result.lastDueMs ?? Number.NEGATIVE_INFINITY)
        : Number.POSITIVE_INFINITY;
    }
    if (result.nextDueMs !== null) this.#pollBy(Math.max(earliestMs, result.nextDueMs - lookAheadMs));
    // A full batch tells nothing of what comes next.
    else if (result.full) this.#pollBy(earliestMs);
  }

  /**
   * A timer is due at this instant; without one, timers came back whose due instants are not known here, and everything
   * is polled. Returns whether the next poll is sooner for it.
   */
  wake(dueMs?: number): boolean {
    if (dueMs === undefined) {
      this.#backlogFromMs = Number.NEGATIVE_INFINITY;
      return true;
    }
    this.#wokenForMs = Math.min(this.#wokenForMs, dueMs);
    this.#freshFromMs = Math.min(this.#freshFromMs, dueMs - 1);
    return this.#pollBy(dueMs - Math.min(this.#rules.lookAheadMs, CLAIM_TIME_MS));
  }

  #pollBy(instantMs: number): boolean {
    if (instantMs >= this.#nextFreshMs) return false;
    this.#nextFreshMs = instantMs;
    return true;
  }
}
