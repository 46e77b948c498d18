import { sql } from 'kysely';
import type { Database } from '../connect.ts';
import { allOf, conditionsOf, EXECUTING_RANGE, hasStatus, type TimerFilter } from './timer-conditions.ts';

/** Totals up to this are exact. Counting millions of rows would take longer than the page itself. */
const MAX_EXACT_TOTAL = 10_000;

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
    ...(status === 'executing' ? [EXECUTING_RANGE] : []),
    ...(status === undefined ? [] : [hasStatus(status)]),
    ...conditionsOf(filter, []),
  ]);
  const matching = db.kysely.selectFrom('timers').where(condition);
  const { counted } = await db.kysely
    .selectFrom(
      matching
        .select(sql`1`.as('one'))
        .limit(MAX_EXACT_TOTAL + 1)
        .as('matching'),
    )
    .select((count) => count.fn.countAll<string>().as('counted'))
    .executeTakeFirstOrThrow();
  if (Number(counted) <= MAX_EXACT_TOTAL) return { total: Number(counted), estimated: false };
  const [plan] = await matching
    .select('id')
    .explain<{ 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] }>('json');
  const rows = plan?.['QUERY PLAN'][0].Plan['Plan Rows'] ?? 0;
  return { total: Math.max(rows, MAX_EXACT_TOTAL + 1), estimated: true };
}
