import { type Database, statement } from '../connect.ts';
import { MAX_EXACT_COUNT } from '../operations/count-timers-by-state.ts';
import { rowsByIndex } from '../operations/rows-by-index.ts';
import { IS_PARKED } from '../sql-fragments.ts';

/** Timers that all destinations together may have counted. */
const MAX_TOTAL = 10 * MAX_EXACT_COUNT;

/** The timers that wait for one paused destination. */
export interface PausedTimers {
  readonly destination: string;
  readonly waiting: number;
  /** Whether there may be more. */
  readonly more: boolean;
}

/** Reads a part of idx_timers_paused_for for each destination. */
export const COUNT_PAUSED_TIMERS = statement(
  'count-paused-timers',
  `SELECT destination, waiting
   FROM unnest($1::text[]) AS destination
   CROSS JOIN LATERAL (
     SELECT count(*)::integer AS waiting FROM (
       SELECT FROM timers WHERE ${IS_PARKED} AND paused_for = destination ORDER BY paused_for LIMIT $2::integer + 1) AS bounded
   ) AS counted`,
);

/** Counts the timers that wait for each of these destinations, up to 10,000, or less if there are more than ten. */
export async function countPausedTimers(
  db: Database,
  destinations: readonly string[],
): Promise<PausedTimers[]> {
  if (destinations.length === 0) return [];
  const bound = Math.min(MAX_EXACT_COUNT, Math.ceil(MAX_TOTAL / destinations.length));
  const rows = await rowsByIndex<{ destination: string; waiting: number }>(db, COUNT_PAUSED_TIMERS, [
    destinations,
    bound,
  ]);
  return rows.map(({ destination, waiting }) => ({ destination, waiting, more: waiting > bound }));
}
