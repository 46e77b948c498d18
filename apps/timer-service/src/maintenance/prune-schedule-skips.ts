import { type Database, pruneScheduleSkips } from '@timer-platform/database';
import type { Logger } from 'pino';
import { Pruner, type PrunerOptions } from './pruner.ts';

/** Rows deleted per statement: bounds its run time. */
const STEP = 5_000;

/** Creates the pruner of the records of skipped occurrences: they are kept as long as finished timers. */
export function scheduleSkipsPruner(
  db: Database,
  olderThanMs: number,
  log: Logger,
  { monotonicMs, random }: Pick<PrunerOptions, 'monotonicMs' | 'random'>,
): Pruner {
  return new Pruner({
    step: () => pruneScheduleSkips(db, { olderThanMs, limit: STEP }),
    monotonicMs,
    random,
    onPruned: (rows) => {
      log.info({ rows }, 'pruned records of skipped occurrences');
    },
    onError: (error) => {
      log.warn({ err: error }, 'pruning records of skipped occurrences failed; retrying within two hours');
    },
  });
}
