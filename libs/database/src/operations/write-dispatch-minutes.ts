import { type Database, statement } from '../connect.ts';
import { NOT_DURABLE } from '../sql-fragments.ts';

/** What one process has done in a minute, so far. */
export interface CountedMinute {
  /** The start of the minute, in milliseconds since 1970. */
  readonly minuteMs: number;
  readonly delivered: number;
  /** Attempts that failed and are retried. */
  readonly retried: number;
  readonly failed: number;
  readonly deferred: number;
  /** See lateness-histogram.ts. */
  readonly lateness: readonly number[];
}

const WRITE = statement(
  'write-dispatch-minutes',
  `INSERT INTO dispatch_minutes (minute, dispatcher, delivered, retried, failed, deferred, lateness)
   SELECT to_timestamp(minute_ms / 1000.0), $1, delivered, retried, failed, deferred, lateness
   FROM json_to_recordset($2::json) AS new (
          minute_ms double precision, delivered bigint, retried bigint, failed bigint, deferred bigint, lateness integer[]),
        (SELECT ${NOT_DURABLE}) AS setting
   ON CONFLICT (minute, dispatcher) DO UPDATE SET delivered = EXCLUDED.delivered, retried = EXCLUDED.retried,
     failed = EXCLUDED.failed, deferred = EXCLUDED.deferred, lateness = EXCLUDED.lateness`,
);

const PRUNE = statement(
  'prune-dispatch-minutes',
  `DELETE FROM dispatch_minutes WHERE minute < now() - $1 * interval '1 hour'`,
);

/**
 * Writes the minutes of a process, replacing what it has written of them before.
 *
 * @param processId an id of its own, which stays the same while it runs: not that of its lease
 */
export async function writeDispatchMinutes(
  db: Database,
  processId: string,
  minutes: readonly CountedMinute[],
): Promise<void> {
  const rows = minutes.map(({ minuteMs, delivered, retried, failed, deferred, lateness }) => ({
    ...{ minute_ms: minuteMs, delivered, retried, failed, deferred, lateness },
  }));
  await db.rows(WRITE, [processId, JSON.stringify(rows)]);
}

/** Deletes the minutes of all processes that are older than this. Uses the primary key. */
export async function pruneDispatchMinutes(db: Database, hours: number): Promise<void> {
  await db.rows(PRUNE, [hours]);
}
