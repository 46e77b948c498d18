import { type Database, statement } from '../connect.ts';
import { IS_PARKED } from '../sql-fragments.ts';

/** Whether a destination is paused, by the name in this column. */
const isPaused = (name: string): string => `EXISTS (
  SELECT FROM destination_settings WHERE destination_settings.destination = ${name} AND paused_at IS NOT NULL)`;

/**
 * The destinations with parked timers, one index lookup for each: a million timers of one cost as little as one. Uses
 * idx_timers_paused_for.
 */
const FIND = statement(
  'destinations-to-return',
  `WITH RECURSIVE parked AS (
     (SELECT paused_for AS name FROM timers WHERE ${IS_PARKED} ORDER BY paused_for LIMIT 1)
     UNION ALL
     SELECT (SELECT paused_for FROM timers WHERE ${IS_PARKED} AND paused_for > parked.name ORDER BY paused_for LIMIT 1)
     FROM parked WHERE parked.name IS NOT NULL
   )
   SELECT name FROM parked WHERE name IS NOT NULL AND NOT ${isPaused('name')} LIMIT $1`,
);

/**
 * A timer counts as due from now on: neither its lateness nor the age of the oldest due timer includes the pause. Skips timers
 * that others are returning or changing.
 */
const RETURN = statement(
  'return-parked-timers',
  `UPDATE timers SET next_attempt_at = clock_timestamp(), due_since = NULL, paused_for = NULL, updated_at = now()
   WHERE id = ANY (ARRAY(
       SELECT id FROM timers WHERE ${IS_PARKED} AND paused_for = $1 AND NOT ${isPaused('$1')}
       LIMIT $2
       FOR NO KEY UPDATE SKIP LOCKED))
     AND status || '' = 'pending'`,
);

/** The most destinations of one {@link findDestinationsToReturn}. */
const MAX_DESTINATIONS = 1_000;

/** Names destinations that are not paused and have parked timers. */
export async function findDestinationsToReturn(db: Database): Promise<string[]> {
  const rows = await db.rows<{ name: string }>(FIND, [MAX_DESTINATIONS]);
  return rows.map(({ name }) => name);
}

/**
 * Makes parked timers of a destination due again, unless it is paused. To be called until none is left: returns how many it
 * returned.
 */
export async function returnParkedTimers(db: Database, destination: string, limit: number): Promise<number> {
  return db.count(RETURN, [destination, limit]);
}
