import { InterruptibleSleep } from '../interruptible-sleep.ts';

/** The result of one statement. */
export interface PruneStepResult {
  readonly deleted: number;
  /** Start of the next step; undefined after the last one. */
  readonly next: string | undefined;
}

export interface PrunerOptions {
  /** Deletes a bounded number of rows, starting at the `next` of the step before it. */
  readonly step: (from: string | undefined) => Promise<PruneStepResult>;
  readonly monotonicMs: () => number;
  /** Returns a number from 0 (inclusive) to 1 (exclusive). Spreads the runs of several instances over time. */
  readonly random: () => number;
  /** Called after a run that deleted rows. */
  readonly onPruned: (rows: number) => void;
  /** Called when a run failed; the next run does its work. */
  readonly onError: (error: unknown) => void;
}

/** Average time from the end of a run to the next, in milliseconds. */
const INTERVAL_MS = 3_600_000;

/**
 * Deletes old rows about once an hour, in steps. After each step it sleeps as long as the step took, so it uses at most
 * half of one connection's time.
 */
export class Pruner {
  readonly #options: PrunerOptions;
  readonly #sleep = new InterruptibleSleep();
  #stopping = false;
  #ended: Promise<void> | undefined;

  constructor(options: PrunerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#ended ??= this.#repeat();
  }

  /** Resolves after the statement in progress. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#sleep.wake();
    await this.#ended;
  }

  async #repeat(): Promise<void> {
    const { random, onPruned, onError } = this.#options;
    while (!this.#stopping) {
      // Random, so that instances do not run at the same time.
      await this.#sleep.sleep(INTERVAL_MS * 2 * random());
      try {
        const deleted = await this.#run();
        if (deleted > 0) onPruned(deleted);
      } catch (error) {
        onError(error);
      }
    }
  }

  async #run(): Promise<number> {
    const { step, monotonicMs } = this.#options;
    let from: string | undefined;
    let total = 0;
    while (!this.#stopping) {
      const startedMs = monotonicMs();
      const { deleted, next } = await step(from);
      total += deleted;
      if (next === undefined) break;
      from = next;
      await this.#sleep.sleep(monotonicMs() - startedMs);
    }
    return total;
  }
}
