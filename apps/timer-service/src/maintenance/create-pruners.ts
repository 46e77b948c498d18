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
import type { MaintenanceSettings } from './settings.ts';

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

export interface PruningSettings extends MaintenanceSettings {
  /** Idempotency keys are pruned this long after their first use, in milliseconds. */
  readonly idempotencyKeysForMs: number;
  /** Whether this process delivers timers: one that only serves the API does no background work for them. */
  readonly dispatches: boolean;
}

/** Creates one pruner for each table that would grow without bound, not started. */
export function createPruners(settings: PruningSettings, context: PrunerContext): readonly Pruner[] {
  const { db } = context;
  const { finishedForMs, auditForMs, idempotencyKeysForMs, dispatches } = settings;
  const pruners = [
    logged('idempotency keys', context, () =>
      pruneIdempotencyKeys(db, { olderThanMs: idempotencyKeysForMs, limit: DELETED }),
    ),
    logged('sessions of the console', context, () => pruneConsoleSessions(db, { limit: DELETED })),
    // With what is kept for an undo.
    logged('entries of the audit log', context, () =>
      pruneActions(db, { olderThanMs: auditForMs, limit: DELETED }),
    ),
  ];
  if (finishedForMs !== undefined && dispatches) {
    pruners.push(
      logged('finished timers', context, (from) =>
        pruneFinishedTimers(db, { from, finishedForMs, limit: EXAMINED }),
      ),
      logged('records of skipped occurrences', context, () =>
        pruneScheduleSkips(db, { olderThanMs: finishedForMs, limit: DELETED }),
      ),
    );
  }
  return pruners;
}
