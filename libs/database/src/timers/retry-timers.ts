import type { CallbackType } from '@timer-platform/callback-types';
import { type Database, statement } from '../connect.ts';
import { RETRY_ASSIGNMENTS } from './retry-assignments.ts';
import { isKeyInUse } from './timer-keys.ts';

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

/**
 * Whether a retry makes no second unfinished timer with the same key: of several failed timers with one key, only the
 * newest is retried.
 */
const KEY_IS_FREE = `(key IS NULL OR NOT EXISTS (
  SELECT FROM timers AS other
  WHERE other.client = timers.client AND other.key = timers.key AND (
    other.status = 'pending'
    OR (other.status = 'failed' AND (other.created_at, other.id) > (timers.created_at, timers.id)))))`;

/** Skips timers that another request is changing. */
const RETRY = statement(
  'retry-timers',
  `WITH chosen AS (
     SELECT id FROM timers WHERE ${MATCHING} AND ${KEY_IS_FREE}
     ORDER BY created_at LIMIT $5
     FOR NO KEY UPDATE SKIP LOCKED
   )
   UPDATE timers SET ${RETRY_ASSIGNMENTS}
   FROM chosen WHERE timers.id = chosen.id
   RETURNING timers.id`,
);

const COUNT = statement(
  'count-failed-timers',
  `SELECT count(*)::integer AS count FROM (SELECT FROM timers WHERE ${MATCHING} AND ${KEY_IS_FREE} LIMIT $5) AS matching`,
);

function parameters({ callbackType, failedFrom, failedBefore, lastError }: FailedTimerFilter, limit: number) {
  return [callbackType ?? null, failedFrom ?? null, failedBefore ?? null, lastError ?? null, limit];
}

/** How often timers may be stored with the key of a failed one while it is retried. */
const MAX_TRIES = 5;

/**
 * failed → pending, due now, for the oldest timers that match, at most `limit`. Leaves out those whose key another
 * unfinished timer has. Returns how many.
 */
export async function retryTimers(db: Database, filter: FailedTimerFilter, limit: number): Promise<number> {
  for (let tries = 1; ; tries += 1) {
    try {
      const rows = await db.rows(RETRY, parameters(filter, limit));
      return rows.length;
    } catch (error) {
      if (!isKeyInUse(error) || tries === MAX_TRIES) throw error;
    }
  }
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
