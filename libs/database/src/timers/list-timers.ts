import type { CallbackType, TimerState } from '@timer-platform/callback-types';
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../connect.ts';
import type { TimerSummaryRow } from './timer-row.ts';

/** Which timers to list. */
export interface TimerFilter {
  readonly status?: TimerState | undefined;
  readonly callbackType?: CallbackType | undefined;
}

/** The position of a timer in a list: its sort key, in microseconds since 1970, then its id. */
export interface ListPosition {
  readonly micros: string;
  readonly id: string;
}

export interface ListPage {
  readonly filter: TimerFilter;
  readonly sort: 'created_at' | 'execute_at';
  readonly order: 'asc' | 'desc';
  readonly limit: number;
  readonly offset: number;
  /** Only timers after this position. */
  readonly after?: ListPosition | undefined;
}

/** Totals up to this are exact. Counting millions of rows would take longer than the page itself. */
const MAX_EXACT_TOTAL = 10_000;

/** `execute_at` sorts by the due instant, which is the key of idx_timers_due. */
const SORT_KEYS: Readonly<Record<ListPage['sort'], RawBuilder<Date>>> = {
  created_at: sql`created_at`,
  execute_at: sql`COALESCE(next_attempt_at, execute_at)`,
};

const MICROS_PER_DAY = 86_400_000_000n;

/** Adds days and the rest separately: PostgreSQL multiplies intervals as floats, which is inexact for distant instants. */
function instantAt(micros: string): RawBuilder<Date> {
  const days = Number(BigInt(micros) / MICROS_PER_DAY);
  const rest = Number(BigInt(micros) % MICROS_PER_DAY);
  return sql`(timestamp '1970-01-01' + ${days}::integer * interval '1 day'
    + ${rest}::bigint * interval '1 microsecond') AT TIME ZONE 'UTC'`;
}

function filtered(db: Database, { status, callbackType }: TimerFilter) {
  let query = db.kysely.selectFrom('timers');
  if (status !== undefined) query = query.where('status', '=', status);
  if (callbackType !== undefined) query = query.where('callback_type', '=', callbackType);
  return query;
}

/** Returns one page of timers, and the position of its last timer if there are more. */
export async function listTimers(
  db: Database,
  page: ListPage,
): Promise<{ timers: TimerSummaryRow[]; next: ListPosition | undefined }> {
  const { sort, order, limit, offset, after } = page;
  const key = SORT_KEYS[sort];
  const micros = sql<string>`(extract(epoch FROM ${key}) * 1000000)::bigint`.as('micros');
  let query = filtered(db, page.filter)
    .select(['id', 'created_at', 'execute_at', 'callback_type', 'status', 'executed_at', micros])
    .orderBy(key, order)
    .orderBy('id', order)
    .limit(limit + 1)
    .offset(offset);
  if (after !== undefined) {
    const position = sql`(${instantAt(after.micros)}, ${after.id}::uuid)`;
    const comparison = order === 'asc' ? sql`>` : sql`<`;
    query = query.where(sql<boolean>`(${key}, id) ${comparison} ${position}`);
  }
  const rows = await query.execute();
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return {
    timers: rows.slice(0, limit).map(withoutPosition),
    next: last && { micros: last.micros, id: last.id },
  };
}

function withoutPosition(row: TimerSummaryRow): TimerSummaryRow {
  const { id, created_at, execute_at, callback_type, status, executed_at } = row;
  return { id, created_at, execute_at, callback_type, status, executed_at };
}

/** Counts the timers that match: exact up to 10,000, above that the planner's estimate. */
export async function countTimers(
  db: Database,
  filter: TimerFilter,
): Promise<{ total: number; estimated: boolean }> {
  const matching = filtered(db, filter);
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
