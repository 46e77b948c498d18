import {
  type Database,
  pruneActions,
  pruneConsoleSessions,
  pruneFinishedTimers,
  pruneIdempotencyKeys,
  pruneScheduleSkips,
} from '@timer-platform/database';
import type { Logger } from 'pino';
import { Pruner, type PrunerOptions } from './pruner.ts';

/** Rows of one statement, which bound its run time: finished timers are examined, the others only deleted. */
const EXAMINED = 1_000;
const DELETED = 5_000;

export interface PrunerContext extends Pick<PrunerOptions, 'monotonicMs' | 'random'> {
  readonly db: Database;
  readonly log: Logger;
}

function logged(
  what: string,
  { log, monotonicMs, random }: PrunerContext,
  step: PrunerOptions['step'],
): Pruner {
  return new Pruner({
    step,
    monotonicMs,
    random,
    onPruned: (rows) => {
      log.info({ rows }, `pruned ${what}`);
    },
    onError: (error) => {
      log.warn({ err: error }, `pruning ${what} failed; retrying within two hours`);
    },
  });
}

/** Creates the pruner of timers that were completed, failed or canceled more than `olderThanMs` ago. */
export function finishedTimersPruner(context: PrunerContext, olderThanMs: number): Pruner {
  return logged('finished timers', context, (from) =>
    pruneFinishedTimers(context.db, { from, finishedForMs: olderThanMs, limit: EXAMINED }),
  );
}

/** Creates the pruner of idempotency keys that were used first more than `olderThanMs` ago. */
export function idempotencyKeysPruner(context: PrunerContext, olderThanMs: number): Pruner {
  return logged('idempotency keys', context, () =>
    pruneIdempotencyKeys(context.db, { olderThanMs, limit: DELETED }),
  );
}

/** Creates the pruner of records of occurrences that were skipped more than `olderThanMs` ago. */
export function scheduleSkipsPruner(context: PrunerContext, olderThanMs: number): Pruner {
  return logged('records of skipped occurrences', context, () =>
    pruneScheduleSkips(context.db, { olderThanMs, limit: DELETED }),
  );
}

/** Creates the pruner of sessions of the console that have expired. */
export function consoleSessionsPruner(context: PrunerContext): Pruner {
  return logged('sessions of the console', context, () =>
    pruneConsoleSessions(context.db, { limit: DELETED }),
  );
}

/** Creates the pruner of the audit log, and of what is kept for an undo. */
export function actionsPruner(context: PrunerContext, olderThanMs: number): Pruner {
  return logged('entries of the audit log', context, () =>
    pruneActions(context.db, { olderThanMs, limit: DELETED }),
  );
}
