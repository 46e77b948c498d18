/** Due instants, in milliseconds by the database's clock. */
export interface PollRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What to do now: claim in one range or both, or sleep for this long. */
export type PollDecision =
  | { readonly kind: 'poll'; readonly recent: PollRange | undefined; readonly backlog: PollRange | undefined }
  | { readonly kind: 'sleep'; readonly forMs: number };

/** The present, by both clocks. */
export interface PollInstant {
  /** By the database's clock: compared with due instants. It can be set back. */
  readonly databaseMs: number;
  /** Counts the rhythm of polls. */
  readonly monotonicMs: number;
}

/** Where there is capacity to claim. */
export interface PollCapacity {
  readonly recent: boolean;
  readonly backlog: boolean;
}

/** What a claim found in a range. */
export interface RangeFound {
  /** Timers may be left in it. */
  readonly more: boolean;
  /** Due instant up to which it was claimed; null: nothing was there. */
  readonly reachedMs: number | null;
}

/** What a claim returned. */
export interface PollResult {
  readonly recent: RangeFound;
  readonly backlog: RangeFound;
  /** No later timer was claimed. */
  readonly polledUpToMs: number;
  /** Due instant of the next timer beyond; null: none, or not known. */
  readonly nextDueMs: number | null;
  readonly endedMonotonicMs: number;
}

/** How often to search for timers that this process was not told of, in milliseconds. */
const RECHECK_MS = 250;
/** How far back such a search goes: a timer can be due before the transaction that stored it commits. */
const RECHECK_BACK_MS = 1_000;
/**
 * Where it takes no longer than this share of the time, a search starts at the oldest timer. It can take long because it
 * scans the index entries of all finished timers that an old transaction keeps from being removed.
 */
const FULL_RECHECK_SHARE = 0.02;
const LONGEST_FULL_RECHECK_MS = 10_000;
/** This share of the look-ahead passes between two polls; the rest is time to claim. */
const GAP_SHARE = 0.6;
/** How long before its due instant a timer that this process was told of is claimed, in milliseconds. */
const CLAIM_TIME_MS = 25;
/** After a poll, the next one for timers that this process was told of waits this long for more of them. */
const WAKE_GAP_MS = 5;

const NOTHING: PollRange = { fromMs: Number.POSITIVE_INFINITY, toMs: Number.NEGATIVE_INFINITY };

function isEmpty({ fromMs, toMs }: PollRange): boolean {
  return fromMs > toMs;
}

function hull(one: PollRange, other: PollRange): PollRange {
  return { fromMs: Math.min(one.fromMs, other.fromMs), toMs: Math.max(one.toMs, other.toMs) };
}

/**
 * Decides when to poll, and for which due instants. Does no I/O.
 *
 * Everything due up to the *frontier* has been polled once. A poll claims in two ranges at once, with capacity of its own
 * for each, so that neither can starve the other:
 *
 * - *recent*: from the frontier to the look-ahead, timed by the next known due instant; or only those due instants that
 *   this process was told of ({@link wake}), when they come earlier. Every {@link RECHECK_MS} a *recheck* also searches a
 *   second below the frontier, for what others have stored. Where a full batch leaves timers below the frontier, polls
 *   for them take turns with polls beyond it.
 * - *backlog*: everything that is due, in due order: what was overdue when this process started, what was rescued, and
 *   what is found by a regular search of the whole table.
 */
export class PollPlanner {
  readonly #lookAheadMs: number;
  #frontierMs: number;
  /** When to move the frontier next, by the database's clock. */
  #moveFrontierAtMs = Number.NEGATIVE_INFINITY;
  /** Due instants below the look-ahead that this process was told of since the last poll started. */
  #woken = NOTHING;
  #backlogFromMs = Number.NEGATIVE_INFINITY;
  #nextRecheckMs = Number.NEGATIVE_INFINITY;
  #nextFullRecheckMs = Number.NEGATIVE_INFINITY;
  /** Below the frontier, timers may be left from this due instant on. */
  #leftFromMs = Number.POSITIVE_INFINITY;
  /** It is the turn of what lies beyond the frontier. */
  #isTurnOfFrontier = false;
  /** The backlog poll under way starts at the oldest timer. */
  #isFullRecheck = false;
  #endedMs = Number.NEGATIVE_INFINITY;

  constructor(lookAheadMs: number, now: PollInstant) {
    this.#lookAheadMs = lookAheadMs;
    this.#frontierMs = now.databaseMs;
  }

  /** What to do now. A poll must be followed by {@link recordPoll}, or by {@link pollFailed}. */
  next(now: PollInstant, capacity: PollCapacity): PollDecision {
    this.#scheduleRechecks(now);
    const recent = capacity.recent ? this.#recentRange(now) : undefined;
    const backlog =
      capacity.backlog && this.#backlogFromMs <= this.#frontierMs
        ? { fromMs: this.#backlogFromMs, toMs: this.#frontierMs }
        : undefined;
    if (recent === undefined && backlog === undefined)
      return { kind: 'sleep', forMs: this.#sleepMs(now, capacity) };
    if (recent !== undefined) this.#woken = NOTHING;
    this.#isFullRecheck = backlog?.fromMs === Number.NEGATIVE_INFINITY;
    return { kind: 'poll', recent, backlog };
  }

  /** Takes in what a poll found. */
  recordPoll(decision: Extract<PollDecision, { kind: 'poll' }>, startedMs: number, result: PollResult): void {
    const { backlog, polledUpToMs, endedMonotonicMs } = result;
    this.#endedMs = endedMonotonicMs;
    if (decision.backlog !== undefined) {
      if (this.#isFullRecheck) {
        const pauseMs = Math.min(
          (endedMonotonicMs - startedMs) / FULL_RECHECK_SHARE,
          LONGEST_FULL_RECHECK_MS,
        );
        this.#nextFullRecheckMs = endedMonotonicMs + pauseMs;
      }
      this.#backlogFromMs = backlog.more ? (backlog.reachedMs ?? decision.backlog.fromMs) : Infinity;
    }
    if (decision.recent !== undefined) this.#recordRecent(decision.recent, result);
    // The database's clock was set back: what is due until it has caught up was never polled.
    if (polledUpToMs < this.#frontierMs) {
      this.#frontierMs = polledUpToMs;
      this.#moveFrontierAtMs = Number.NEGATIVE_INFINITY;
    }
  }

  #recordRecent(range: PollRange, { recent, polledUpToMs, nextDueMs }: PollResult): void {
    const reachedMs = recent.reachedMs ?? range.fromMs;
    if (range.toMs < Number.POSITIVE_INFINITY) {
      if (recent.more) this.#leave(reachedMs);
      return;
    }
    if (recent.more && reachedMs < this.#frontierMs) {
      // What was found below the frontier filled the claim.
      if (range.fromMs <= this.#leftFromMs) this.#leftFromMs = reachedMs;
      this.#isTurnOfFrontier = true;
      this.#moveFrontierAtMs = Number.NEGATIVE_INFINITY;
      return;
    }
    if (range.fromMs <= this.#leftFromMs) this.#leftFromMs = Number.POSITIVE_INFINITY;
    this.#isTurnOfFrontier = false;
    if (recent.more && reachedMs >= polledUpToMs - this.#lookAheadMs) {
      // What is left is not due yet: it lies beyond the frontier, and is polled at once.
      this.#frontierMs = reachedMs;
      this.#moveFrontierAtMs = Number.NEGATIVE_INFINITY;
      return;
    }
    if (recent.more) {
      // What is left is overdue. What is due soon must not wait behind it.
      this.#leave(reachedMs);
      this.#frontierMs = polledUpToMs - this.#lookAheadMs;
      this.#isTurnOfFrontier = true;
      return;
    }
    this.#frontierMs = polledUpToMs;
    // Not before a part of the look-ahead has passed, and no later than the next timer needs.
    const earliestMs = polledUpToMs - this.#lookAheadMs * (1 - GAP_SHARE);
    this.#moveFrontierAtMs = Math.max(earliestMs, (nextDueMs ?? Infinity) - this.#lookAheadMs);
    if (this.#leftFromMs < Infinity) this.#moveFrontierAtMs = Number.NEGATIVE_INFINITY;
  }

  /** Timers may be left below the frontier, from this due instant on. */
  #leave(fromMs: number): void {
    this.#leftFromMs = Math.min(this.#leftFromMs, fromMs);
    this.#moveFrontierAtMs = Number.NEGATIVE_INFINITY;
  }

  /** The poll failed: what it took on is polled again. */
  pollFailed({ recent, backlog }: Extract<PollDecision, { kind: 'poll' }>): void {
    // What lies beyond the frontier is polled again anyway.
    if (recent !== undefined && recent.fromMs < this.#frontierMs)
      this.#woken = hull(this.#woken, { ...recent, toMs: Math.min(recent.toMs, this.#frontierMs) });
    if (backlog !== undefined) this.#leaveToBacklog(backlog.fromMs);
  }

  /**
   * A timer is due at this instant; without one, timers are due at unknown instants. Returns whether the next poll is
   * earlier for it.
   */
  wake(dueMs?: number): boolean {
    if (dueMs === undefined) {
      this.#leaveToBacklog(Number.NEGATIVE_INFINITY);
      return true;
    }
    if (dueMs > this.#frontierMs) {
      const moveAtMs = dueMs - this.#lookAheadMs;
      if (moveAtMs >= this.#moveFrontierAtMs) return false;
      this.#moveFrontierAtMs = moveAtMs;
      return true;
    }
    const earlier = dueMs < this.#woken.fromMs;
    this.#woken = hull(this.#woken, { fromMs: dueMs, toMs: dueMs });
    return earlier;
  }

  /** A recheck goes along with a move of the frontier: early if the frontier moves now, else it makes it move. */
  #scheduleRechecks({ databaseMs, monotonicMs }: PollInstant): void {
    const movesNow = databaseMs >= this.#moveFrontierAtMs;
    if (monotonicMs < this.#nextRecheckMs - (movesNow ? RECHECK_MS / 2 : 0)) return;
    this.#nextRecheckMs = monotonicMs + RECHECK_MS;
    this.#leave(this.#frontierMs - this.#lookAheadMs - RECHECK_BACK_MS);
    if (monotonicMs >= this.#nextFullRecheckMs) this.#leaveToBacklog(Number.NEGATIVE_INFINITY);
  }

  #leaveToBacklog(fromMs: number): void {
    this.#backlogFromMs = Math.min(this.#backlogFromMs, fromMs);
  }

  #recentRange({ databaseMs, monotonicMs }: PollInstant): PollRange | undefined {
    if (databaseMs >= this.#moveFrontierAtMs) {
      const fromMs = this.#isTurnOfFrontier ? this.#frontierMs : Math.min(this.#leftFromMs, this.#frontierMs);
      return { fromMs: Math.min(fromMs, this.#woken.fromMs), toMs: Number.POSITIVE_INFINITY };
    }
    const isWoken =
      !isEmpty(this.#woken) &&
      databaseMs >= this.#woken.fromMs - CLAIM_TIME_MS &&
      monotonicMs >= this.#endedMs + WAKE_GAP_MS;
    return isWoken ? this.#woken : undefined;
  }

  #sleepMs({ databaseMs, monotonicMs }: PollInstant, capacity: PollCapacity): number {
    const recheckMs = this.#nextRecheckMs - monotonicMs;
    if (!capacity.recent) return recheckMs;
    const wokenMs = Math.max(
      this.#woken.fromMs - CLAIM_TIME_MS - databaseMs,
      this.#endedMs + WAKE_GAP_MS - monotonicMs,
    );
    return Math.min(
      recheckMs,
      this.#moveFrontierAtMs - databaseMs,
      isEmpty(this.#woken) ? Infinity : wokenMs,
    );
  }
}
