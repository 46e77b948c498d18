import { type Database, statement } from '../connect.ts';
import { DUE_AT } from '../sql-fragments.ts';

/**
 * Of the timers that wait in the table: the oldest that is due and not claimed, and the oldest that was released with a
 * delay, which is due again only later. Timers that are parked are neither. Uses idx_timers_due and idx_timers_delayed.
 * clock_timestamp() is volatile, so it could not bound the scan: all pending timers would be read when none is due.
 */
export const OLDEST_DUE = statement(
  'oldest-due',
  `SELECT extract(epoch FROM now() - LEAST(
     (SELECT ${DUE_AT} FROM timers
      WHERE status = 'pending' AND ${DUE_AT} <= now()
        AND (id, claims) NOT IN (
          SELECT claim.id, claim.token FROM claim_batches, unnest(timer_ids, tokens) AS claim (id, token))
      ORDER BY ${DUE_AT} LIMIT 1),
     (SELECT due_since FROM timers WHERE status = 'pending' AND due_since IS NOT NULL AND next_attempt_at < 'infinity' ORDER BY due_since LIMIT 1)
   ))::double precision * 1000 AS age_ms`,
);

/** How long the oldest due timer has waited to be delivered, in milliseconds. 0 if no timer is due. */
export async function oldestDueAge(db: Database): Promise<number> {
  const [row] = await db.rows<{ age_ms: number | null }>(OLDEST_DUE);
  return Math.max(0, row?.age_ms ?? 0);
}
