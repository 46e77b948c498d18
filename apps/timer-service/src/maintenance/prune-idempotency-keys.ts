import { type Database, pruneIdempotencyKeys } from '@timer-platform/database';
import type { Logger } from 'pino';
import { Pruner, type PrunerOptions } from './pruner.ts';

/** Keys deleted per statement: bounds its run time. */
const STEP = 5_000;

/** Creates the pruner of idempotency keys that were used first more than `olderThanMs` ago. */
export function idempotencyKeysPruner(
  db: Database,
  olderThanMs: number,
  log: Logger,
  { monotonicMs, random }: Pick<PrunerOptions, 'monotonicMs' | 'random'>,
): Pruner {
  return new Pruner({
    step: () => pruneIdempotencyKeys(db, { olderThanMs, limit: STEP }),
    monotonicMs,
    random,
    onPruned: (keys) => {
      log.info({ keys }, 'pruned idempotency keys');
    },
    onError: (error) => {
      log.warn({ err: error }, 'pruning idempotency keys failed; retrying within two hours');
    },
  });
}
