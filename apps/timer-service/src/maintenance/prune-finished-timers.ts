import type { PruneResult, PruneStep } from '@timer-platform/database';
import { z } from 'zod';
import { InterruptibleSleep } from '../interruptible-sleep.ts';
import { integer } from '../settings.ts';

/** Settings of what becomes of finished timers. */
export const retentionSettingsSchema = z
  .object({
    RETENTION_DAYS: integer(0, 36_500, 0),
  })
  .transform((env) => ({
    /** Timers that have been finished for longer are deleted, in milliseconds; undefined: they are kept for ever. */
    finishedForMs: env.RETENTION_DAYS === 0 ? undefined : env.RETENTION_DAYS * 86_400_000,
  }));
export type RetentionSettings = z.infer<typeof retentionSettingsSchema>;

export interface RetentionOptions {
  readonly finishedForMs: number;
  readonly deleteFinished: (step: PruneStep) => Promise<PruneResult>;
  readonly monotonicMs: () => number;
  /** From 0 up to 1. Spreads the work of several instances over time. */
  readonly random: () => number;
  /** Told after a walk through the table that deleted something. */
  readonly onDeleted: (timers: number) => void;
  /** Told when a walk was broken off; the next one does its work. */
  readonly onError: (error: unknown) => void;
}

/** From the end of a walk through the table to the next, on average, in milliseconds. */
const INTERVAL_MS = 3_600_000;
/** Timers looked at by one statement, so that none of them runs long. */
const STEP = 1_000;

/**
 * Deletes timers that were finished long ago, for as long as it runs. Between two steps it rests as long as a step took:
 * however much there is to delete, it takes half of one connection's time at most.
 */
export class Retention {
  readonly #options: RetentionOptions;
  readonly #doze = new InterruptibleSleep();
  #stopping = false;
  #run: Promise<void> | undefined;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  start(): void {
    this.#run ??= this.#repeat();
  }

  /** Ends after the statement that is under way. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#doze.wake();
    await this.#run;
  }

  async #repeat(): Promise<void> {
    const { random, onDeleted, onError } = this.#options;
    while (!this.#stopping) {
      // Not on all instances at once.
      await this.#doze.sleep(INTERVAL_MS * 2 * random());
      try {
        const deleted = await this.#walk();
        if (deleted > 0) onDeleted(deleted);
      } catch (error) {
        onError(error);
      }
    }
  }

  async #walk(): Promise<number> {
    const { finishedForMs, deleteFinished, monotonicMs } = this.#options;
    let from: string | undefined;
    let total = 0;
    while (!this.#stopping) {
      const startedMs = monotonicMs();
      const { deleted, reached } = await deleteFinished({ from, finishedForMs, limit: STEP });
      total += deleted;
      if (reached === undefined) break;
      from = reached;
      await this.#doze.sleep(monotonicMs() - startedMs);
    }
    return total;
  }
}
