import type { CallbackType } from '@timer-platform/callback-types';
import { type Database, statement } from '../connect.ts';
import { RETRY_ASSIGNMENTS } from './retry-assignments.ts';

/** Which failed timers; what is absent does not matter. */
export interface FailedTimerFilter {
  readonly callbackType?: CallbackType | undefined;
  /** RFC 3339: failed at this instant or later. */
  readonly failedFrom?: string | undefined;
  /** RFC 3339: failed before this instant. */
  readonly failedBefore?: string | undefined;
  /** Part of `last_error`, letter by letter. */
  readonly lastError?: string | undefined;
}

/** `idx_timers_failed_canceled` finds the failed ones. */
const MATCHING = `
  status = 'failed'
  AND ($1::text IS NULL OR callback_type = $1)
  AND ($2::timestamptz IS NULL OR executed_at >= $2)
  AND ($3::timestamptz IS NULL OR executed_at < $3)
  AND ($4::text IS NULL OR position($4 IN last_error) > 0)`;

/** Timers that another request is just changing are passed over. */
const RETRY = statement(
  'retry-timers',
  `WITH chosen AS (
     SELECT id FROM timers WHERE ${MATCHING}
     ORDER BY created_at LIMIT $5
     FOR NO KEY UPDATE SKIP LOCKED
   )
   UPDATE timers SET ${RETRY_ASSIGNMENTS}
   FROM chosen WHERE timers.id = chosen.id
   RETURNING timers.id`,
);

const COUNT = statement(
  'count-failed-timers',
  `SELECT count(*)::integer AS count FROM (SELECT FROM timers WHERE ${MATCHING} LIMIT $5) AS matching`,
);

function parameters({ callbackType, failedFrom, failedBefore, lastError }: FailedTimerFilter, limit: number) {
  return [callbackType ?? null, failedFrom ?? null, failedBefore ?? null, lastError ?? null, limit];
}

/** failed → pending, due now, for the oldest that match, `limit` of them at most. Returns how many. */
export async function retryTimers(db: Database, filter: FailedTimerFilter, limit: number): Promise<number> {
  const rows = await db.rows(RETRY, parameters(filter, limit));
  return rows.length;
}

/** How many failed timers match; stops counting at `limit`. */
export async function countFailedTimers(
  db: Database,
  filter: FailedTimerFilter,
  limit: number,
): Promise<number> {
  const [row] = await db.rows<{ count: number }>(COUNT, parameters(filter, limit));
  return row?.count ?? 0;
}
