import type { CallbackType } from '@timer-platform/callback-types';
import { type Database, statement } from '../connect.ts';
import { RETRY_ASSIGNMENTS } from './retry-assignments.ts';

/** Selects failed timers. An absent field matches every timer. */
export interface FailedTimerFilter {
  readonly callbackType?: CallbackType | undefined;
  /** RFC 3339: failed at this instant or later. */
  readonly failedFrom?: string | undefined;
  /** RFC 3339: failed before this instant. */
  readonly failedBefore?: string | undefined;
  /** A substring of `last_error`. Case-sensitive, without wildcards. */
  readonly lastError?: string | undefined;
}

/** Uses idx_timers_failed_canceled. */
const MATCHING = `
  status = 'failed'
  AND ($1::text IS NULL OR callback_type = $1)
  AND ($2::timestamptz IS NULL OR executed_at >= $2)
  AND ($3::timestamptz IS NULL OR executed_at < $3)
  AND ($4::text IS NULL OR position($4 IN last_error) > 0)`;

/** Skips timers that another request is changing. */
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

/** failed → pending, due now, for the oldest timers that match, at most `limit`. Returns how many. */
export async function retryTimers(db: Database, filter: FailedTimerFilter, limit: number): Promise<number> {
  const rows = await db.rows(RETRY, parameters(filter, limit));
  return rows.length;
}

/** Counts the failed timers that match, up to `limit`. */
export async function countFailedTimers(
  db: Database,
  filter: FailedTimerFilter,
  limit: number,
): Promise<number> {
  const [row] = await db.rows<{ count: number }>(COUNT, parameters(filter, limit));
  return row?.count ?? 0;
}
