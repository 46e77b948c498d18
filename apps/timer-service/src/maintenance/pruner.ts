import { InterruptibleSleep } from '../interruptible-sleep.ts';

/** What one statement deleted. */
export interface PruneStepResult {
  readonly deleted: number;
  /** Where the next step continues; undefined: this was the last. */
  readonly next: string | undefined;
}

export interface PrunerOptions {
  /** Deletes a bounded number of rows, from where the step before it ended. */
  readonly step: (from: string | undefined) => Promise<PruneStepResult>;
  readonly monotonicMs: () => number;
  /** From 0 up to 1. Spreads the work of several instances over time. */
  readonly random: () => number;
  /** Told after a run that deleted something. */
  readonly onPruned: (rows: number) => void;
  /** Told when a run failed; the next one does its work. */
  readonly onError: (error: unknown) => void;
}

/** From the end of a run to the next, on average, in milliseconds. */
const INTERVAL_MS = 3_600_000;

/**
 * Deletes old rows about once an hour, in steps. Between two steps it rests as long as a step took: however much there is
 * to delete, it takes half of one connection's time at most.
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

  /** Ends after the statement that is under way. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#sleep.wake();
    await this.#ended;
  }

  async #repeat(): Promise<void> {
    const { random, onPruned, onError } = this.#options;
    while (!this.#stopping) {
      // Not on all instances at once.
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
