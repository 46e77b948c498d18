import { InterruptibleSleep } from '../../interruptible-sleep.ts';
import type { Claimer } from './claimer.ts';
import { PollPlanner } from './poll-planner.ts';

export interface ClaimLoopOptions {
  readonly lookAheadMs: number;
  /** The most timers per claim. */
  readonly batch: number;
  /** The database's time, in milliseconds since 1970. */
  readonly nowMs: () => number;
  readonly onError: (error: unknown) => void;
}

type Claims = Pick<Claimer, 'mayClaim' | 'capacity' | 'claim'>;

/** The delay after a failed claim; doubles up to the longest. */
const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 1_000;
/** A backlog poll waits for capacity for this share of a batch: a statement for a few rows is wasteful. */
const BACKLOG_SHARE = 0.25;

/** Polls for due timers, one claim at a time, as {@link PollPlanner} decides, until it is stopped. */
export class ClaimLoop {
  readonly #options: ClaimLoopOptions;
  readonly #sleep = new InterruptibleSleep();
  #running: { readonly planner: PollPlanner; readonly claims: Claims } | undefined;
  #sleepingForCapacity = false;
  #stopping = false;
  #ended: Promise<void> | undefined;

  constructor(options: ClaimLoopOptions) {
    this.#options = options;
  }

  start(claims: Claims): void {
    const planner = new PollPlanner(this.#options, this.#options.nowMs());
    this.#running = { planner, claims };
    this.#ended = this.#loop(planner, claims);
  }

  /** Stops after the current claim. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#sleep.wake();
    await this.#ended;
  }

  /** @param dueMs when a stored timer is due, in milliseconds since 1970; undefined: not known */
  wake(dueMs?: number): void {
    if (this.#running?.planner.wake(dueMs) === true) this.#sleep.wake();
  }

  /** To be called when attempts have ended or results are written. */
  capacityFreed(): void {
    if (!this.#sleepingForCapacity || this.#running === undefined) return;
    if (this.#isEnough(this.#running.claims.capacity().backlog)) this.#sleep.wake();
  }

  #isEnough(backlogCapacity: number): boolean {
    return backlogCapacity >= this.#options.batch * BACKLOG_SHARE;
  }

  async #loop(planner: PollPlanner, claims: Claims): Promise<void> {
    const { nowMs, onError } = this.#options;
    let retryMs = FIRST_RETRY_MS;
    while (!this.#stopping) {
      try {
        if (claims.mayClaim()) {
          const sleepMs = await this.#poll(planner, claims, nowMs());
          if (sleepMs > 0) await this.#sleep.sleep(sleepMs);
        } else {
          await this.#sleep.sleep(FIRST_RETRY_MS);
        }
        retryMs = FIRST_RETRY_MS;
      } catch (error) {
        onError(error);
        await this.#sleep.sleep(retryMs);
        retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS);
      }
    }
  }

  /** Polls if it is time to; returns how long to sleep before the next poll. */
  async #poll(planner: PollPlanner, claims: Claims, nowMs: number): Promise<number> {
    const { batch } = this.#options;
    const { due, backlog } = claims.capacity();
    const backlogAllowed = this.#isEnough(backlog);
    const poll = planner.next(nowMs, { due: due > 0, backlog: backlogAllowed });
    if (poll.kind === 'sleep') {
      this.#sleepingForCapacity = !backlogAllowed || due === 0;
      return poll.untilMs - nowMs;
    }
    this.#sleepingForCapacity = false;
    const limit = Math.min(batch, poll.kind === 'due' ? due : backlog);
    const result = await claims.claim(poll.dueFromMs, limit);
    planner.recordPoll(poll.kind, {
      batchFull: result.rows.length === limit,
      tookMs: this.#options.nowMs() - nowMs,
      polledUpToMs: result.polledUpToMs,
      lastDueMs: result.rows.at(-1)?.dueMs ?? null,
      nextDueMs: result.nextDueMs,
    });
    return 0;
  }
}
