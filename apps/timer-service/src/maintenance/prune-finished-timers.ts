import { type Database, pruneFinishedTimers } from '@timer-platform/database';
import type { Logger } from 'pino';
import { Pruner, type PrunerOptions } from './pruner.ts';

/** Timers examined by one statement, so that none of them runs long. */
const STEP = 1_000;

/** A pruner of timers that have been completed, failed or canceled for longer than this. */
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
