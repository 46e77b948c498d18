import { sql } from 'kysely';
import type { Database } from '../connect.ts';
import { countInRanges, createdRanges, rowsInRanges } from './index-ranges.ts';
import {
  allOf,
  type Condition,
  conditionsOf,
  EXECUTING_RANGE,
  hasStatus,
  type TimerFilter,
} from './timer-conditions.ts';

/** Totals up to this are exact. Counting millions of rows would take longer than the page itself. */
const MAX_EXACT_TOTAL = 10_000;

/** Ranges of indexes that hold every match. */
function rangesOf(filter: TimerFilter): Condition[] {
  if (filter.status === 'executing') return [EXECUTING_RANGE];
  if (filter.status === 'pending') return [sql`status = 'pending'`];
  return createdRanges(filter);
}

/**
 * Counts the timers that match: exact up to 10,000, above that the planner's estimate. Only for filters by status, type and
 * created_at: others would scan the table.
 */
export async function countTimers(
  db: Database,
  filter: TimerFilter,
): Promise<{ total: number; estimated: boolean }> {
  const { status } = filter;
  const condition = allOf([
    ...(status === undefined ? [] : [hasStatus(status)]),
    ...conditionsOf(filter, []),
  ]);
  const ranges = rangesOf(filter).map((range) => allOf([range, condition]));
  const counted = await countInRanges(db, ranges, MAX_EXACT_TOTAL);
  if (counted <= MAX_EXACT_TOTAL) return { total: counted, estimated: false };
  const { rows: plans } = await sql<{
    'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }];
  }>`EXPLAIN (FORMAT JSON) ${rowsInRanges(ranges)}`.execute(db.kysely);
  const rows = plans[0]?.['QUERY PLAN'][0].Plan['Plan Rows'] ?? 0;
  return { total: Math.max(rows, MAX_EXACT_TOTAL + 1), estimated: true };
}
