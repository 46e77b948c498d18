import { type Database, statement } from '../connect.ts';
import { rowsByIndex } from './rows-by-index.ts';

/** Up to this many claims are looked up in the table; of more, every nth. */
const MAX_LOOKED_UP = 2_000;

/**
 * A claim counts while its timer is pending with its token: a batch also holds claims that have ended. OFFSET 0 keeps the
 * planner from joining the whole table.
 */
export const COUNT_EXECUTING_TIMERS = statement(
  'count-executing-timers',
  `WITH sampled AS (
     SELECT GREATEST(1, ceil(COALESCE(sum(cardinality(timer_ids)), 0) / ${MAX_LOOKED_UP}.0))::integer AS every_nth
     FROM claim_batches
   )
   SELECT every_nth AS "everyNth", (
     SELECT count(*)::integer
     FROM claim_batches
     CROSS JOIN LATERAL unnest(timer_ids, tokens) WITH ORDINALITY AS claim (id, token, place)
     CROSS JOIN LATERAL (
       SELECT FROM timers
       WHERE timers.id = claim.id AND timers.claims = claim.token AND timers.status || '' = 'pending'
         AND (claim.place + claim_batches.id) % every_nth = 0
       OFFSET 0
     ) AS claimed
   ) AS found
   FROM sampled`,
);

/** Counts the pending timers that dispatchers hold: exact up to 2,000 claims, estimated above. */
export async function countExecutingTimers(
  db: Database,
): Promise<{ readonly executing: number; readonly estimated: boolean }> {
  const [row] = await rowsByIndex<{ everyNth: number; found: number }>(db, COUNT_EXECUTING_TIMERS);
  if (row === undefined) throw new Error('the statement returned no row');
  return { executing: row.found * row.everyNth, estimated: row.everyNth > 1 };
}
