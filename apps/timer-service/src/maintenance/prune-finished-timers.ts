import { type Database, pruneFinishedTimers } from '@timer-platform/database';
import type { Logger } from 'pino';
import { Pruner, type PrunerOptions } from './pruner.ts';

/** Timers examined per statement: bounds its run time. */
const STEP = 1_000;

/** Creates the pruner of timers that were completed, failed or canceled more than `finishedForMs` ago. */
export function finishedTimersPruner(
  db: Database,
  finishedForMs: number,
  log: Logger,
  { monotonicMs, random }: Pick<PrunerOptions, 'monotonicMs' | 'random'>,
): Pruner {
  return new Pruner({
    step: (from) => pruneFinishedTimers(db, { from, finishedForMs, limit: STEP }),
    monotonicMs,
    random,
    onPruned: (timers) => {
      log.info({ timers }, 'pruned finished timers');
    },
    onError: (error) => {
      log.warn({ err: error }, 'pruning finished timers failed; retrying within two hours');
    },
  });
}
