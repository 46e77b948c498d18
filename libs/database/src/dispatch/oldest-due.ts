import { type Database, statement } from '../connect.ts';

const OLDEST = statement(
  'oldest-due',
  `SELECT extract(epoch FROM clock_timestamp() - COALESCE(next_attempt_at, execute_at))::double precision * 1000 AS age_ms
   FROM timers
   WHERE status = 'pending' AND COALESCE(next_attempt_at, execute_at) <= clock_timestamp()
   ORDER BY COALESCE(next_attempt_at, execute_at) LIMIT 1`,
);

/** How long the oldest due timer has waited to be claimed, in milliseconds. 0 if no timer is due. */
export async function oldestDueAge(db: Database): Promise<number> {
  const [row] = await db.rows<{ age_ms: number }>(OLDEST);
  return row?.age_ms ?? 0;
}
