import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../connect.ts';
import { DUE_AT } from '../sql-fragments.ts';
import { countInRanges, createdRanges } from './index-ranges.ts';
import {
  allOf,
  type Condition,
  conditionsOf,
  EXECUTING_RANGE,
  hasStatus,
  type TimerFilter,
} from './timer-conditions.ts';

/** Rows in the order of the search: those of an index, from which the search takes as many as it needs. */
interface Stream {
  readonly condition: Condition;
  readonly key: RawBuilder<Date>;
  /** false: another stream has the row, at its place in the order. */
  readonly isPlaced?: Condition;
  /** Whether the index has the key without the id. */
  readonly isByKeyOnly?: boolean;
}

/** How to search for the timers of a filter in an order. */
export interface SearchPlan {
  /** Merged by their keys. */
  readonly streams: readonly Stream[];
  /** What else a row must fulfil. */
  readonly condition: Condition;
  /** Whether the index finds nothing, or little, but what matches. */
  readonly isByIndex: boolean;
  /** Whether the streams have so few rows that one step reads them all. */
  readonly isSmall: boolean;
}

export type SearchSort = 'created_at' | 'execute_at';

/** More rows are not sorted, nor collected from an index of another order. */
const MAX_COLLECTED = 10_000;
/** More rows are not sorted by an instant that has no index. */
const MAX_SORTED = 50_000;

const createdAt = sql.raw<Date>('created_at');
const dueAt = sql.raw<Date>(DUE_AT);
const dueSince = sql.raw<Date>('due_since');
const shownDueAt = sql.raw<Date>(`COALESCE(due_since, ${DUE_AT})`);

async function schedulesWithKey(db: Database, key: string | undefined): Promise<string[]> {
  if (key === undefined) return [];
  const rows = await db.kysely.selectFrom('schedules').select('id').where('key', '=', key).execute();
  return rows.map(({ id }) => id);
}

/** The clients that have timers with keys, by one look-up in idx_timers_key for each. */
const CLIENTS_WITH_KEYS = sql`WITH RECURSIVE clients (client) AS (
    SELECT min(client) FROM timers WHERE key IS NOT NULL
    UNION ALL
    SELECT (SELECT min(timers.client) FROM timers WHERE timers.key IS NOT NULL AND timers.client > clients.client)
    FROM clients WHERE clients.client IS NOT NULL
  ) SELECT client FROM clients WHERE client IS NOT NULL`;

/** Ranges of rows that hold every match and are likely to be small, the likeliest first. */
function smallRanges(filter: TimerFilter, scheduleIds: readonly string[]): Condition[] {
  const ranges: Condition[] = [];
  if (filter.ids !== undefined) ranges.push(sql`id = ANY (${filter.ids}::uuid[])`);
  if (filter.key !== undefined)
    ranges.push(sql`client = ANY (ARRAY(${CLIENTS_WITH_KEYS})) AND key = ${filter.key}`);
  if (filter.schedule !== undefined) ranges.push(sql`schedule_id = ANY (${scheduleIds}::uuid[])`);
  if (filter.status === 'executing') ranges.push(EXECUTING_RANGE);
  return ranges;
}

const IS_EVER_DUE = sql<boolean>`status = 'pending' AND ${dueAt} < 'infinity'`;
/** Timers that SQL has stored so, among those that wait for a paused destination. Searched only if all of them are few. */
const IS_NEVER_DUE = sql<boolean>`status = 'pending' AND ${dueAt} = 'infinity'`;

/**
 * Pending timers in the order of {@link DUE_AT}, and those that were deferred or wait for a paused destination in the order
 * in which they were due: in the first stream, the latter do not match.
 */
function pendingStreams({ dueFrom, dueBefore }: TimerFilter, hasNeverDue: boolean): Stream[] {
  const isPlaced = sql<boolean>`due_since IS NULL`;
  const ranges = [
    { key: dueAt, condition: IS_EVER_DUE, isPlaced },
    ...(hasNeverDue ? [{ key: dueAt, condition: IS_NEVER_DUE, isPlaced }] : []),
    {
      key: dueSince,
      condition: sql<boolean>`status = 'pending' AND due_since IS NOT NULL`,
      isPlaced: sql<boolean>`true`,
    },
  ];
  return ranges.map(({ key, condition, ...range }) => ({
    ...range,
    key,
    isByKeyOnly: true,
    condition: allOf([
      condition,
      ...(dueFrom === undefined ? [] : [sql<boolean>`${key} >= ${dueFrom}::timestamptz`]),
      ...(dueBefore === undefined ? [] : [sql<boolean>`${key} < ${dueBefore}::timestamptz`]),
    ]),
  }));
}

const BY_INDEX: Readonly<Record<'created' | 'pending', ReadonlySet<string>>> = {
  created: new Set(['status', 'callbackType', 'createdFrom', 'createdBefore']),
  pending: new Set(['status', 'callbackType', 'dueFrom', 'dueBefore']),
};

function usesOnly(filter: TimerFilter, fields: ReadonlySet<string>): boolean {
  return Object.entries(filter).every(([name, value]) => value === undefined || fields.has(name));
}

/**
 * Plans a search. Returns undefined if timers would have to be sorted by an instant without an index, and they are many.
 *
 * @param states a claimed timer is pending in the table: `stored` takes it for that, `shown` for executing
 */
export async function planSearch(
  db: Database,
  filter: TimerFilter,
  sort: SearchSort,
  states: 'stored' | 'shown' = 'shown',
): Promise<SearchPlan | undefined> {
  const { status } = filter;
  const scheduleIds = await schedulesWithKey(db, filter.schedule);
  const ofStatus =
    status === undefined ? [] : [states === 'shown' ? hasStatus(status) : sql<boolean>`status = ${status}`];
  const condition = allOf([...ofStatus, ...conditionsOf(filter, scheduleIds)]);
  const key = sort === 'created_at' ? createdAt : shownDueAt;
  const streamsOf = (ranges: readonly Condition[]): Stream[] =>
    ranges.map((range) => ({ condition: range, key }));
  const small = async (limit: number, ...ranges: Condition[]): Promise<SearchPlan | undefined> =>
    (await countInRanges(db, ranges, limit)) <= limit
      ? { streams: streamsOf(ranges), condition, isByIndex: true, isSmall: true }
      : undefined;

  for (const range of smallRanges(filter, scheduleIds)) {
    const plan = await small(MAX_COLLECTED, range);
    if (plan !== undefined) return plan;
  }
  if (sort === 'execute_at' && status === 'pending') {
    const neverDue = await countInRanges(db, [IS_NEVER_DUE], MAX_COLLECTED);
    return {
      streams: pendingStreams(filter, neverDue <= MAX_COLLECTED),
      condition,
      isByIndex: usesOnly(filter, BY_INDEX.pending),
      isSmall: false,
    };
  }
  if (sort === 'execute_at') return small(MAX_SORTED, ...createdRanges(filter));
  if (status === 'pending') {
    const plan = await small(MAX_COLLECTED, sql`status = 'pending'`);
    if (plan !== undefined) return plan;
  }
  return {
    streams: streamsOf(createdRanges(filter)),
    condition,
    isByIndex: usesOnly(filter, BY_INDEX.created),
    isSmall: false,
  };
}
