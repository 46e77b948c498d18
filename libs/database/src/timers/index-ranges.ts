import { CALLBACK_TYPES } from '@timer-platform/callback-types';
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../connect.ts';
import { allOf, type Condition, conditionsOf, type TimerFilter } from './timer-conditions.ts';

/**
 * Ranges in the order of creation that together hold every match, each of one index: idx_timers_failed_canceled, or
 * idx_timers_created_http and idx_timers_created_nats.
 */
export function createdRanges(filter: TimerFilter): Condition[] {
  const { status, callbackType, createdFrom, createdBefore } = filter;
  if (status === 'failed' || status === 'canceled')
    return [allOf([sql`status = ${status}`, ...conditionsOf({ createdFrom, createdBefore }, [])])];
  const types = callbackType === undefined ? CALLBACK_TYPES : [callbackType];
  return types.map((type) => allOf(conditionsOf({ callbackType: type, createdFrom, createdBefore }, [])));
}

/** A row without columns for each timer in ranges that have none in common. With an OR, PostgreSQL reads a whole index. */
export function rowsInRanges(ranges: readonly Condition[]): RawBuilder<unknown> {
  return sql.join(
    ranges.map((range) => sql`(SELECT FROM timers WHERE ${range})`),
    sql` UNION ALL `,
  );
}

/** Counts the timers in such ranges, and stops after one more than `limit`. */
export async function countInRanges(
  db: Database,
  ranges: readonly Condition[],
  limit: number,
): Promise<number> {
  const { rows } = await sql<{ count: number }>`SELECT count(*)::integer AS count
    FROM (${rowsInRanges(ranges)} LIMIT ${limit + 1}) AS matching`.execute(db.kysely);
  return rows[0]?.count ?? 0;
}
