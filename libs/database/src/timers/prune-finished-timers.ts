import { type Database, statement } from '../connect.ts';

/** A step on the way through the table, in the order in which timers were created. */
export interface PruneStep {
  /** Where the step before ended; undefined: at the oldest timer. */
  readonly from: string | undefined;
  /** Timers that have been finished for longer than this are deleted, in milliseconds. */
  readonly finishedForMs: number;
  /** Timers to look at. More are, when several were created at the same instant. */
  readonly limit: number;
}

export interface PruneResult {
  readonly deleted: number;
  /** Where the next step begins; undefined: this was the last. */
  readonly next: string | undefined;
}

/**
 * Walks idx_timers_created_at: what was finished so long ago was created before that. A pending timer created long ago is
 * stepped over, once per walk. updated_at of a finished timer is when it was finished.
 *
 * The position is text, not a Date: that would drop the microseconds, and the walk would never get past them.
 */
const PRUNE = statement(
  'delete-finished-timers',
  `WITH page AS MATERIALIZED (
     SELECT id, created_at, status, updated_at FROM timers
     WHERE created_at > COALESCE($1::timestamptz, '-infinity')
       AND created_at < now() - $2::double precision * interval '1 millisecond'
     ORDER BY created_at
     FETCH FIRST ($3::integer) ROWS WITH TIES
   ), deleted AS (
     DELETE FROM timers
     WHERE id = ANY (ARRAY(
         SELECT id FROM page
         WHERE status IN ('completed', 'failed', 'canceled')
           AND updated_at < now() - $2::double precision * interval '1 millisecond'
       ))
       -- One that a client has asked to retry meanwhile stays.
       AND status IN ('completed', 'failed', 'canceled')
     RETURNING 1
   )
   SELECT (SELECT count(*) FROM deleted)::integer AS deleted,
          (SELECT max(created_at)::text FROM page) AS reached`,
);

/** Deletes timers that were finished long ago, and their attempts with them. Several instances may do it at once. */
export async function pruneFinishedTimers(db: Database, step: PruneStep): Promise<PruneResult> {
  const { from, finishedForMs, limit } = step;
  const [row] = await db.rows<{ deleted: number; reached: string | null }>(PRUNE, [
    from ?? null,
    finishedForMs,
    limit,
  ]);
  return { deleted: row?.deleted ?? 0, next: row?.reached ?? undefined };
}
