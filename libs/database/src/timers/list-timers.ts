import { CALLBACK_TYPES, type CallbackType, type TimerState } from '@timer-platform/callback-types';
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../connect.ts';
import { DUE_AT } from '../sql-fragments.ts';
import { CURRENT_STATUS } from './current-status.ts';
import { SCHEDULE_KEY, SHOWN_DUE_AT, type TimerSummaryRow } from './timer-row.ts';

/** Which timers to list. */
export interface TimerFilter {
  readonly status?: TimerState | undefined;
  readonly callbackType?: CallbackType | undefined;
}

/** The position of a timer in a list: its sort key, in microseconds since 1970 or ±infinity, then its id. */
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
  execute_at: sql`${sql.raw(DUE_AT)}`,
};

/** How PostgreSQL prints instants that are later or earlier than all others. */
function isInfinite(micros: string): boolean {
  return micros === 'infinity' || micros === '-infinity';
}

const MICROS_PER_DAY = 86_400_000_000n;

/** Adds days and the rest separately: PostgreSQL multiplies intervals as floats, which is inexact for distant instants. */
function instantAt(micros: string): RawBuilder<Date> {
  if (isInfinite(micros)) return sql`${micros}::timestamptz`;
  const days = Number(BigInt(micros) / MICROS_PER_DAY);
  const rest = Number(BigInt(micros) % MICROS_PER_DAY);
  return sql`(timestamp '1970-01-01' + ${days}::integer * interval '1 day'
    + ${rest}::bigint * interval '1 microsecond') AT TIME ZONE 'UTC'`;
}

/** The ids of all claimed timers. Claims that have ended may still be among them. */
const CLAIMED_IDS = sql<string>`(SELECT claim.id FROM claim_batches, unnest(timer_ids, tokens) AS claim (id, token))`;
const CURRENT = sql<TimerState>`${sql.raw(CURRENT_STATUS)}`;

function filtered(db: Database, { status, callbackType }: TimerFilter) {
  let query = db.kysely.selectFrom('timers');
  if (callbackType !== undefined) query = query.where('callback_type', '=', callbackType);
  if (status === undefined) return query;
  if (status === 'pending') return query.where('status', '=', status).where(CURRENT, '=', status);
  if (status !== 'executing') return query.where('status', '=', status);
  return query.where((where) =>
    where.or([
      where('status', '=', status),
      where.and([where('id', 'in', CLAIMED_IDS), where(CURRENT, '=', status)]),
    ]),
  );
}

/**
 * One range of idx_timers_callback_type for each callback type, merged: the index serves lists with and without a callback
 * type. The other lists have indexes of their own, or few rows.
 */
function ranges({ sort, filter }: ListPage): readonly (CallbackType | undefined)[] {
  const byCreation = sort === 'created_at' && filter.callbackType === undefined;
  const hasIndex =
    filter.status === 'failed' || filter.status === 'canceled' || filter.status === 'executing';
  return byCreation && !hasIndex ? CALLBACK_TYPES : [filter.callbackType];
}

function selectRange(db: Database, page: ListPage, callbackType: CallbackType | undefined) {
  const { filter, sort, order, limit, offset, after } = page;
  const key = SORT_KEYS[sort];
  const micros = sql<string>`CASE WHEN isfinite(${key}) THEN trunc(extract(epoch FROM ${key}) * 1000000)::text
    ELSE ${key}::text END`.as('micros');
  let query = filtered(db, { ...filter, callbackType })
    .select(['id', 'created_at', 'execute_at', 'callback_type', 'executed_at'])
    .select(['schedule_id', 'scheduled_for', 'origin', 'callback_config', 'attempts', 'last_error', 'key'])
    .select([sql`${sql.raw(SHOWN_DUE_AT)}`.as('due_at'), sql`paused_for IS NOT NULL`.as('paused')])
    .select([CURRENT.as('status'), micros, key.as('sort_key')])
    .orderBy(key, order)
    .orderBy('id', order)
    .limit(limit + offset + 1);
  if (after !== undefined) {
    const position = sql`(${instantAt(after.micros)}, ${after.id}::uuid)`;
    const comparison = order === 'asc' ? sql`>` : sql`<`;
    query = query.where(sql<boolean>`(${key}, id) ${comparison} ${position}`);
  }
  return query;
}

/** Returns one page of timers, and the position of its last timer if there are more. */
export async function listTimers(
  db: Database,
  page: ListPage,
): Promise<{ timers: TimerSummaryRow[]; next: ListPosition | undefined }> {
  const { order, limit, offset } = page;
  const [first, ...others] = ranges(page).map((type) => selectRange(db, page, type));
  if (first === undefined) throw new Error('a list has at least one range');
  const union = others.reduce((all, range) => sql`${all} UNION ALL (${range})`, sql`(${first})`);
  const query = sql<TimerSummaryRow & { micros: string }>`
    SELECT id, created_at, execute_at, callback_type, status, executed_at, schedule_id, scheduled_for, origin,
      ${sql.raw(SCHEDULE_KEY)} AS schedule_key, due_at, timer_destination(callback_config) AS destination, attempts,
      last_error, key, paused, micros
    FROM (${union}) AS merged
    ORDER BY sort_key ${sql.raw(order)}, id ${sql.raw(order)}
    LIMIT ${limit + 1} OFFSET ${offset}`;
  const { rows } = await query.execute(db.kysely);
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return {
    timers: rows.slice(0, limit).map(withoutPosition),
    next: last && { micros: last.micros, id: last.id },
  };
}

function withoutPosition(row: TimerSummaryRow): TimerSummaryRow {
  const { id, created_at, execute_at, callback_type, status, executed_at } = row;
  const { schedule_id, schedule_key, scheduled_for, origin } = row;
  const { due_at, destination, attempts, last_error, key, paused } = row;
  return {
    ...{ id, created_at, execute_at, callback_type, status, executed_at },
    ...{ schedule_id, schedule_key, scheduled_for, origin },
    ...{ due_at, destination, attempts, last_error, key, paused },
  };
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
