import type { ClaimRange, ClaimResult } from '@timer-platform/database';
import type { Clock } from '../../clock.ts';
import { InterruptibleSleep } from '../../interruptible-sleep.ts';
import type { ClaimCapacity } from './claim-capacity.ts';
import { type PollDecision, type PollInstant, PollPlanner, type PollRange } from './poll-planner.ts';

/** What the loop claims with. */
export interface Claims {
  readonly mayClaim: () => boolean;
  readonly capacity: () => ClaimCapacity;
  /** undefined: the lease was lost. */
  readonly claim: (
    recent: ClaimRange,
    backlog: ClaimRange,
    maxBytes: number,
  ) => Promise<ClaimResult | undefined>;
  readonly claimSuspects: () => Promise<void>;
}

export interface ClaimLoopOptions {
  readonly lookAheadMs: number;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** The database's time, in milliseconds since 1970. */
  readonly databaseMs: () => number;
  readonly onError: (error: unknown) => void;
}

/** How many recent timers a claim takes at most. It waits for that much capacity: it costs nearly as much for a few. */
const RECENT_BATCH = 500;
/**
 * The same for the backlog. A poll of it reads all claimed timers of its due instants before it finds others, so that
 * larger claims cost less for each timer. They take longer, which matters only to timers that are due soon.
 */
const BACKLOG_BATCH = 1_000;

/** How soon a failed claim is tried again; doubles up to the longest. */
const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 1_000;
/** While memory is short, backlog polls are at least this far apart, in milliseconds. */
const SCARCE_GAP_MS = 50;

const NOTHING: ClaimRange = { fromMs: Number.POSITIVE_INFINITY, toMs: Number.NEGATIVE_INFINITY, limit: 0 };

function claimRange(range: PollRange | undefined, limit: number): ClaimRange {
  return range === undefined ? NOTHING : { ...range, limit: Math.max(1, Math.floor(limit)) };
}

/** Polls for due timers, one claim after the other, as {@link PollPlanner} says, until it is stopped. */
export class ClaimLoop {
  readonly #options: ClaimLoopOptions;
  readonly #sleep = new InterruptibleSleep();
  #running: { readonly planner: PollPlanner; readonly claims: Claims } | undefined;
  #waitsForCapacity = false;
  #lastSuccessMs = Number.NEGATIVE_INFINITY;
  #lastBacklogMs = Number.NEGATIVE_INFINITY;
  /** Which part of the usual size is claimed: less after a failure, which may be a time-out. */
  #share = 1;
  /** A claim has failed: nothing but the end makes the next one earlier. */
  #isBackingOff = false;
  #stopping = false;
  #ended: Promise<void> | undefined;

  constructor(options: ClaimLoopOptions) {
    this.#options = options;
  }

  start(claims: Claims): void {
    const planner = new PollPlanner(this.#options.lookAheadMs, this.#now());
    this.#running = { planner, claims };
    this.#ended = this.#loop(planner, claims);
  }

  /** Ends after the claim that is under way. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#sleep.wake();
    await this.#ended;
  }

  /** Monotonic instant of the last poll that succeeded. */
  get lastSuccessMs(): number {
    return this.#lastSuccessMs;
  }

  /** A timer is due at this instant (milliseconds since 1970); without one, timers are due at unknown instants. */
  wake(dueMs?: number): void {
    if (this.#running?.planner.wake(dueMs) === true && !this.#isBackingOff) this.#sleep.wake();
  }

  /** Attempts have ended or results were written. */
  capacityFreed(): void {
    if (!this.#waitsForCapacity || this.#isBackingOff || this.#running === undefined) return;
    const { recent, backlog } = this.#enough(this.#running.claims.capacity());
    if (recent && backlog) this.#sleep.wake();
  }

  /** In which ranges there is capacity for a claim that is worth its cost. */
  #enough({ recent, backlog, isScarce }: ClaimCapacity): {
    readonly recent: boolean;
    readonly backlog: boolean;
  } {
    const backlogAtMs = isScarce ? this.#lastBacklogMs + SCARCE_GAP_MS : Number.NEGATIVE_INFINITY;
    const mayPollBacklog = this.#options.clock.monotonicMs() >= backlogAtMs;
    return { recent: recent >= RECENT_BATCH, backlog: mayPollBacklog && backlog >= BACKLOG_BATCH };
  }

  #now(): PollInstant {
    const { clock, databaseMs } = this.#options;
    return { databaseMs: databaseMs(), monotonicMs: clock.monotonicMs() };
  }

  async #loop(planner: PollPlanner, claims: Claims): Promise<void> {
    let retryMs = FIRST_RETRY_MS;
    while (!this.#stopping) {
      try {
        const sleepMs = claims.mayClaim() ? await this.#poll(planner, claims) : FIRST_RETRY_MS;
        if (sleepMs > 0) await this.#sleep.sleep(sleepMs);
        retryMs = FIRST_RETRY_MS;
      } catch (error) {
        this.#options.onError(error);
        this.#isBackingOff = true;
        await this.#sleep.sleep(retryMs);
        this.#isBackingOff = false;
        retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS);
      }
    }
  }

  /** One poll, if it is time for one; returns how long to sleep before the next. */
  async #poll(planner: PollPlanner, claims: Claims): Promise<number> {
    const capacity = claims.capacity();
    const enough = this.#enough(capacity);
    const now = this.#now();
    const decision = planner.next(now, enough);
    this.#waitsForCapacity = !enough.recent || !enough.backlog;
    if (decision.kind === 'sleep')
      return capacity.isScarce ? Math.min(decision.forMs, SCARCE_GAP_MS) : decision.forMs;
    if (decision.backlog !== undefined) this.#lastBacklogMs = now.monotonicMs;
    const result = await this.#claim(planner, claims, decision, capacity);
    if (result === undefined) return FIRST_RETRY_MS;
    this.#lastSuccessMs = this.#options.clock.monotonicMs();
    planner.recordPoll(decision, now.monotonicMs, { ...result, endedMonotonicMs: this.#lastSuccessMs });
    if (result.suspects && capacity.suspects) await claims.claimSuspects();
    return 0;
  }

  async #claim(
    planner: PollPlanner,
    claims: Claims,
    decision: Extract<PollDecision, { kind: 'poll' }>,
    capacity: ClaimCapacity,
  ): Promise<ClaimResult | undefined> {
    let result: ClaimResult | undefined;
    try {
      result = await claims.claim(
        claimRange(decision.recent, Math.min(RECENT_BATCH * this.#share, capacity.recent)),
        claimRange(decision.backlog, Math.min(BACKLOG_BATCH * this.#share, capacity.backlog)),
        capacity.bytes * this.#share,
      );
      return result;
    } finally {
      if (result === undefined) planner.pollFailed(decision);
      this.#share =
        result === undefined ? Math.max(this.#share / 2, 1 / BACKLOG_BATCH) : Math.min(this.#share * 2, 1);
    }
  }
}
