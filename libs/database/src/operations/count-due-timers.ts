import { type Database, statement } from '../connect.ts';
import { DUE_AT } from '../sql-fragments.ts';
import { MAX_EXACT_COUNT } from './count-timers-by-state.ts';
import { rowsByIndex } from './rows-by-index.ts';

/** Timers that are due and that no dispatcher holds. */
export interface DueCount {
  readonly due: number;
  /** Whether there may be more: so many are due that not all of them were looked at. */
  readonly more: boolean;
}

export const COUNT_DUE_TIMERS = statement(
  'count-due-timers',
  `SELECT count(*)::integer AS read, count(*) FILTER (WHERE NOT claimed)::integer AS due
   FROM (
     SELECT (id, claims) IN (
       SELECT claim.id, claim.token FROM claim_batches, unnest(timer_ids, tokens) AS claim (id, token)) AS claimed
     FROM timers WHERE status = 'pending' AND ${DUE_AT} <= now()
     ORDER BY ${DUE_AT} LIMIT ${MAX_EXACT_COUNT + 1}
   ) AS bounded`,
);

/** Counts up to {@link MAX_EXACT_COUNT} due timers by idx_timers_due. Timers of paused destinations are not due. */
export async function countDueTimers(db: Database): Promise<DueCount> {
  const [row] = await rowsByIndex<{ read: number; due: number }>(db, COUNT_DUE_TIMERS);
  if (row === undefined) throw new Error('the statement returned no row');
  return { due: row.due, more: row.read > MAX_EXACT_COUNT };
}
