import { InterruptibleSleep } from '../interruptible-sleep.ts';
import type { Timeline } from '../timeline.ts';
import { materializePass, type PassOptions } from './materialize-pass.ts';

export interface MaterializerOptions extends PassOptions {
  /** The time in which schedules are due. */
  readonly timeline: Pick<Timeline, 'after'>;
  /** Returns a number from 0 (inclusive) to 1 (exclusive). Spreads the passes of several dispatchers over time. */
  readonly random: () => number;
}

/** Schedules that others have stored are found this soon, in milliseconds. */
const LONGEST_SLEEP_MS = 1_000;
/** How much later than necessary a pass may be that works ahead. Then one dispatcher usually does it, not all at once. */
const SPREAD_MS = 500;
/** How long a pass waits that has lost everything to another dispatcher, at most. */
const LOST_PAUSE_MS = 100;
/** How many of the next schedules decide when the next pass is. */
const UPCOMING = 100;
/** Schedules that are checked for the version of their time zone data per statement. */
const REPLAN_STEP = 1_000;

/**
 * Materializes the occurrences of schedules, one pass after the other. Every dispatcher runs one; none leads. A process
 * that dies or freezes holds nothing, so the others go on at once.
 */
export class Materializer {
  readonly #options: MaterializerOptions;
  readonly #sleep = new InterruptibleSleep();
  #waiting: (() => void)[] = [];
  #replanFrom: string | undefined;
  #isReplanned = false;
  #stopping = false;
  #ended: Promise<void> | undefined;

  constructor(options: MaterializerOptions) {
    this.#options = options;
  }

  start(): void {
    if (!this.#stopping) this.#ended ??= this.#loop();
  }

  /** Ends after the pass under way. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#sleep.wake();
    await this.#ended;
  }

  /** To be called when a schedule was stored or changed. */
  wake(): void {
    this.#sleep.wake();
  }

  /** Resolves when a pass that began after this call has left nothing that is due now. */
  async caughtUp(): Promise<void> {
    if (this.#ended === undefined || this.#stopping) return;
    const done = new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
    });
    this.#sleep.wake();
    await done;
  }

  async #loop(): Promise<void> {
    const { observer, random } = this.#options;
    await this.#sleep.sleep(SPREAD_MS * random());
    while (!this.#stopping) {
      try {
        await this.#replan();
        await this.#run();
      } catch (error) {
        observer.databaseError(error);
        await this.#sleep.sleep(LONGEST_SLEEP_MS);
      }
    }
    this.#release(this.#waiting);
  }

  async #run(): Promise<void> {
    const { random } = this.#options;
    const waiting = this.#waiting;
    this.#waiting = [];
    try {
      const { due, written } = await materializePass(this.#options);
      if (due > 0) {
        this.#waiting.push(...waiting.splice(0));
        if (written === 0) await this.#sleep.sleep(LOST_PAUSE_MS * random());
        return;
      }
      const sleepMs = await this.#untilNextPass();
      this.#release(waiting);
      await this.#sleepUntilDue(sleepMs);
    } catch (error) {
      this.#waiting.push(...waiting);
      throw error;
    }
  }

  #release(waiting: (() => void)[]): void {
    for (const resolve of waiting.splice(0)) resolve();
  }

  /** By the timeline, on which schedules are due, but no longer than other processes may take to store one. */
  async #sleepUntilDue(ms: number): Promise<void> {
    const cancel = this.#options.timeline.after(ms, () => {
      this.#sleep.wake();
    });
    await this.#sleep.sleep(LONGEST_SLEEP_MS);
    cancel();
  }

  async #untilNextPass(): Promise<number> {
    const { statements, random } = this.#options;
    const spreadMs = SPREAD_MS * random();
    const upcoming = await statements.findUpcoming(UPCOMING);
    return Math.min(
      LONGEST_SLEEP_MS,
      ...upcoming.map(({ inMs, exact }) => Math.max(0, Math.ceil(inMs) + (exact ? 0 : spreadMs))),
    );
  }

  /** Has schedules planned anew that were computed with older time zone data, a page before each pass. */
  async #replan(): Promise<void> {
    if (this.#isReplanned) return;
    const { statements, decide, observer } = this.#options;
    const { replanned, next } = await statements.replan({
      from: this.#replanFrom,
      timeZoneData: decide.timeZoneData,
      limit: REPLAN_STEP,
    });
    if (replanned > 0) observer.replanned(replanned);
    this.#replanFrom = next;
    this.#isReplanned = next === undefined;
  }
}
