import { type Database, statement } from '../connect.ts';

/** One step of a scan of the table in the order of creation. */
export interface PruneStep {
  /** Where the previous step ended. undefined: start at the oldest timer. */
  readonly from: string | undefined;
  /** Deletes timers that finished longer ago than this, in milliseconds. */
  readonly finishedForMs: number;
  /** Number of timers to check. May be exceeded by timers that were created at the same instant. */
  readonly limit: number;
}

export interface PruneResult {
  readonly deleted: number;
  /** Where the next step starts. undefined: this was the last step. */
  readonly next: string | undefined;
}

/**
 * Scans idx_timers_created_at, because a timer was created before it finished. Each scan skips old timers that are still
 * pending. updated_at of a finished timer is when it finished.
 *
 * The position is text because a Date would drop the microseconds, and the scan would not advance past them.
 */
const PRUNE = statement(
  'prune-finished-timers',
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
       -- A client may have retried the timer in the meantime.
       AND status IN ('completed', 'failed', 'canceled')
     RETURNING 1
   )
   SELECT (SELECT count(*) FROM deleted)::integer AS deleted,
          (SELECT max(created_at)::text FROM page) AS reached`,
);

/** Deletes timers that finished long ago, with their attempts. Several instances may do so at once. */
export async function pruneFinishedTimers(db: Database, step: PruneStep): Promise<PruneResult> {
  const { from, finishedForMs, limit } = step;
  const [row] = await db.rows<{ deleted: number; reached: string | null }>(PRUNE, [
    from ?? null,
    finishedForMs,
    limit,
  ]);
  return { deleted: row?.deleted ?? 0, next: row?.reached ?? undefined };
}
