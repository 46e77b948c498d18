/** All in milliseconds. */
export interface PollPlannerOptions {
  /** How long before their due instant timers are claimed. */
  readonly lookAheadMs: number;
  /** The most timers per claim. */
  readonly batch: number;
}

/** What to do now: claim timers due from `dueFromMs` on, or sleep until `untilMs`. */
export type PollDecision =
  | { readonly kind: 'due' | 'backlog'; readonly dueFromMs: number }
  | { readonly kind: 'sleep'; readonly untilMs: number };

/** What a claim returned. */
export interface PollResult {
  readonly batchFull: boolean;
  /** How long the claim took. */
  readonly tookMs: number;
  /** The claim covered everything due up to this instant: the look-ahead from its start, not from its return. */
  readonly polledUpToMs: number;
  /** Due instant of the last claimed timer; null: none was claimed. */
  readonly lastDueMs: number | null;
  /** Due instant of the next timer beyond the look-ahead; null: none is stored. */
  readonly nextDueMs: number | null;
}

/** How often to search for timers that this process was not notified of. */
const SAFETY_POLL_MS = 500;
/** How far back such a poll searches: a timer is due after the transaction that stored it began. */
const SAFETY_POLL_BACK_MS = 1_000;
/** How often to search for every due timer, no matter how old. */
const FULL_POLL_MS = 2_000;
/**
 * A full poll scans the index entries of all finished timers that an old transaction keeps from being removed. Where
 * that takes long, full polls are less frequent: they take a fiftieth of the time, but run at least every ten seconds.
 */
const FULL_POLL_SHARE = 0.02;
const LONGEST_FULL_POLL_MS = 10_000;
/** This share of the look-ahead may pass between two due polls; the rest is time to claim. */
const GAP_SHARE = 0.4;
/** How long before its due instant a newly stored timer is claimed, at the latest. */
const CLAIM_TIME_MS = 25;

/**
 * Decides when to poll for due timers, and from which due instant. Does no I/O; instants are milliseconds of the
 * database's clock.
 *
 * A *due poll* claims what the look-ahead has reached since the last one. It is timed by the next known due instant and
 * has a small window, so that timers due now are found at once even if many others are overdue.
 *
 * A *backlog poll* claims what is overdue, in due order, while there is capacity to start it: after a start, after a
 * burst larger than a batch, and as a safety net, from {@link SAFETY_POLL_BACK_MS} ago every {@link SAFETY_POLL_MS}, and
 * from the beginning every {@link FULL_POLL_MS} or less often if that is slow.
 *
 * Both start at a low-water mark, so that they do not scan again and again the index entries of claimed timers that an
 * old transaction keeps from being removed.
 */
export class PollPlanner {
  readonly #options: PollPlannerOptions;
  #dueFromMs: number;
  #nextDuePollMs = Number.POSITIVE_INFINITY;
  /** The earliest due instant of timers stored since the last due poll began, which may have missed them. */
  #wokenForMs = Number.POSITIVE_INFINITY;
  #backlogFromMs = Number.NEGATIVE_INFINITY;
  #nextSafetyPollMs: number;
  #nextFullPollMs: number;

  constructor(options: PollPlannerOptions, nowMs: number) {
    this.#options = options;
    this.#dueFromMs = nowMs;
    this.#nextSafetyPollMs = nowMs + SAFETY_POLL_MS;
    this.#nextFullPollMs = nowMs + FULL_POLL_MS;
  }

  /** What to do at `nowMs`. `capacity` states which kinds of poll may claim. */
  next(nowMs: number, capacity: { readonly due: boolean; readonly backlog: boolean }): PollDecision {
    if (nowMs >= this.#nextDuePollMs && capacity.due) {
      this.#wokenForMs = Number.POSITIVE_INFINITY;
      return { kind: 'due', dueFromMs: this.#dueFromMs };
    }
    if (nowMs >= this.#nextFullPollMs) {
      this.#backlogFromMs = Number.NEGATIVE_INFINITY;
      this.#nextFullPollMs = nowMs + FULL_POLL_MS;
    }
    if (nowMs >= this.#nextSafetyPollMs) {
      this.#backlogFromMs = Math.min(this.#backlogFromMs, nowMs - SAFETY_POLL_BACK_MS);
      this.#nextSafetyPollMs = nowMs + SAFETY_POLL_MS;
    }
    if (this.#backlogFromMs < Number.POSITIVE_INFINITY && capacity.backlog)
      return { kind: 'backlog', dueFromMs: this.#backlogFromMs };
    // Without capacity for a due poll, the end of an attempt wakes the loop.
    return {
      kind: 'sleep',
      untilMs: Math.min(capacity.due ? this.#nextDuePollMs : Infinity, this.#nextSafetyPollMs),
    };
  }

  recordPoll(kind: 'due' | 'backlog', result: PollResult): void {
    const { lookAheadMs } = this.#options;
    const { polledUpToMs } = result;
    const earliestMs = polledUpToMs - lookAheadMs * (1 - GAP_SHARE);
    if (kind === 'due') {
      this.#dueFromMs = polledUpToMs;
      this.#nextDuePollMs = Number.POSITIVE_INFINITY;
      if (this.#wokenForMs < Number.POSITIVE_INFINITY) this.wake(this.#wokenForMs);
      if (result.batchFull)
        this.#backlogFromMs = Math.min(this.#backlogFromMs, result.lastDueMs ?? Number.NEGATIVE_INFINITY);
    } else {
      if (this.#backlogFromMs === Number.NEGATIVE_INFINITY) {
        const pauseMs = Math.min(result.tookMs / FULL_POLL_SHARE, LONGEST_FULL_POLL_MS);
        this.#nextFullPollMs = Math.max(this.#nextFullPollMs, polledUpToMs - lookAheadMs + pauseMs);
      }
      this.#backlogFromMs = result.batchFull
        ? (result.lastDueMs ?? Number.NEGATIVE_INFINITY)
        : Number.POSITIVE_INFINITY;
    }
    if (result.nextDueMs !== null) this.#pollBy(Math.max(earliestMs, result.nextDueMs - lookAheadMs));
    // A full batch does not reveal when the next timer is due.
    else if (result.batchFull) this.#pollBy(earliestMs);
  }

  /**
   * Plans for a timer that became pending.
   *
   * @param dueMs its due instant; undefined: not known, so everything is polled
   * @returns whether the next poll is earlier than before
   */
  wake(dueMs?: number): boolean {
    if (dueMs === undefined) {
      this.#backlogFromMs = Number.NEGATIVE_INFINITY;
      return true;
    }
    this.#wokenForMs = Math.min(this.#wokenForMs, dueMs);
    this.#dueFromMs = Math.min(this.#dueFromMs, dueMs - 1);
    return this.#pollBy(dueMs - Math.min(this.#options.lookAheadMs, CLAIM_TIME_MS));
  }

  #pollBy(instantMs: number): boolean {
    if (instantMs >= this.#nextDuePollMs) return false;
    this.#nextDuePollMs = instantMs;
    return true;
  }
}
