import type { ClaimResult } from '@timer-platform/database';
import { InterruptibleSleep } from '../../interruptible-sleep.ts';
import { PollPlanner } from './poll-planner.ts';

export interface ClaimLoopOptions {
  readonly lookAheadMs: number;
  /** Timers of one claim at most. */
  readonly batch: number;
  /** The database's time, in milliseconds since 1970. */
  readonly nowMs: () => number;
  /** Whether this dispatcher may claim now. */
  readonly mayClaim: () => boolean;
  /** How many more timers can be taken in, by kind of look. */
  readonly capacity: () => { readonly fresh: number; readonly backlog: number };
  /** Claims and takes in timers. */
  readonly claim: (dueFromMs: number, limit: number) => Promise<ClaimResult>;
  readonly onError: (error: unknown) => void;
}

/** How soon a failed claim is tried again; doubles up to the longest. */
const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 1_000;
/** A backlog look waits until there is room for this share of a batch: a statement for a few rows is waste. */
const BACKLOG_SHARE = 0.25;

/** Looks for due timers, one claim after the other, as {@link PollPlanner} says, until it is stopped. */
export class ClaimLoop {
  readonly #options: ClaimLoopOptions;
  #planner: PollPlanner | undefined;
  readonly #sleep = new InterruptibleSleep();
  #sleepingForCapacity = false;
  #stopping = false;
  #run: Promise<void> | undefined;

  constructor(options: ClaimLoopOptions) {
    this.#options = options;
  }

  start(): void {
    this.#planner = new PollPlanner(this.#options, this.#options.nowMs());
    this.#run = this.#loop(this.#planner);
  }

  /** Ends after the claim that is under way. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#sleep.wake();
    await this.#run;
  }

  /** A timer was stored or changed by this process and is due then, in milliseconds since 1970. */
  wake(dueMs: number): void {
    if (this.#planner?.wake(dueMs) === true) this.#sleep.wake();
  }

  pollEverything(): void {
    this.#planner?.pollEverything();
    this.#sleep.wake();
  }

  /** Attempts have ended or results were written. */
  capacityFreed(): void {
    if (this.#sleepingForCapacity && this.#isEnough(this.#options.capacity().backlog)) this.#sleep.wake();
  }

  #isEnough(backlogRoom: number): boolean {
    return backlogRoom >= this.#options.batch * BACKLOG_SHARE;
  }

  async #loop(plan: PollPlanner): Promise<void> {
    const { nowMs, mayClaim, onError } = this.#options;
    let retryMs = FIRST_RETRY_MS;
    while (!this.#stopping) {
      try {
        if (mayClaim()) {
          const sleepMs = await this.#poll(plan, nowMs());
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

  /** One look, if it is time for one; answers how long to sleep before the next. */
  async #poll(plan: PollPlanner, nowMs: number): Promise<number> {
    const { batch, claim, capacity } = this.#options;
    const { fresh, backlog } = capacity();
    const enough = this.#isEnough(backlog);
    const look = plan.next(nowMs, { fresh: fresh > 0, backlog: enough });
    if (look.kind === 'sleep') {
      this.#sleepingForCapacity = !enough || fresh === 0;
      return look.untilMs - nowMs;
    }
    this.#sleepingForCapacity = false;
    const limit = Math.min(batch, look.kind === 'fresh' ? fresh : backlog);
    const result = await claim(look.dueFromMs, limit);
    const tookMs = this.#options.nowMs() - nowMs;
    plan.recordPoll(look.kind, {
      full: result.rows.length === limit,
      tookMs,
      polledUpToMs: result.polledUpToMs,
      lastDueMs: result.rows.at(-1)?.dueMs ?? null,
      nextDueMs: result.nextDueMs,
    });
    return 0;
  }
}
