import { sql } from 'kysely';
import type { Database } from '../connect.ts';
import { countTimers } from './count-timers.ts';
import type { ListPosition } from './list-position.ts';
import { planSearch, type SearchPlan, type SearchSort } from './search-plan.ts';
import { type SearchBudget, type SearchResult, searchTimers } from './search-timers.ts';
import type { TimerFilter } from './timer-conditions.ts';
import { SUMMARY_COLUMNS, type TimerSummaryRow } from './timer-row.ts';

export interface ListPage {
  readonly filter: TimerFilter;
  readonly sort: SearchSort;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
  readonly offset: number;
  /** Only timers after this position. */
  readonly after?: ListPosition | undefined;
  readonly budget: SearchBudget;
}

/** One page of a list. */
export interface ListedTimers {
  readonly outcome: 'listed';
  readonly timers: TimerSummaryRow[];
  /** The position of the last timer, or up to which the list was searched; undefined: the list ends with this page. */
  readonly next: ListPosition | undefined;
  /** null: not known, because counting would need a scan. */
  readonly total: number | null;
  readonly estimated: boolean;
  /** How far the list was searched; null: the page was found by index. */
  readonly search: { readonly complete: boolean; readonly scanned: number } | null;
}

export type ListResult =
  | ListedTimers
  /** The list would have to be sorted by an instant that has no index, and is long. */
  | { readonly outcome: 'unsorted' }
  /** An offset in a list that has to be searched would never end. */
  | { readonly outcome: 'offset-in-search' };

/** Rows of the found timers, in their order, without those that have been deleted since. */
async function findSummaries(db: Database, found: readonly ListPosition[]): Promise<TimerSummaryRow[]> {
  if (found.length === 0) return [];
  const ids = found.map(({ id }) => id);
  const { rows } = await sql<TimerSummaryRow>`SELECT ${sql.raw(SUMMARY_COLUMNS)}
    FROM unnest(${ids}::uuid[]) WITH ORDINALITY AS requested (id, ordinal) JOIN timers USING (id)
    ORDER BY ordinal`.execute(db.kysely);
  return rows;
}

const COUNTABLE = ['status', 'callbackType', 'createdFrom', 'createdBefore'];

/** Whether indexes count the timers up to the limit of {@link countTimers}. */
function isCountable(filter: TimerFilter): boolean {
  return Object.entries(filter).every(([name, value]) => value === undefined || COUNTABLE.includes(name));
}

async function totalOf(db: Database, page: ListPage, plan: SearchPlan, result: SearchResult) {
  if (isCountable(page.filter)) return countTimers(db, page.filter);
  if (page.after === undefined && result.reached === undefined)
    return { total: result.found.length, estimated: false };
  if (!plan.isSmall) return { total: null, estimated: false };
  const all = { plan, order: page.order, wanted: Number.MAX_SAFE_INTEGER, budget: page.budget };
  const { found } = await searchTimers(db, all);
  return { total: found.length, estimated: false };
}

/**
 * Lists one page of timers. A filter without an index is searched in the order of the list within the budget: the page may
 * have fewer timers than the limit, and `next` continues the search.
 */
export async function listTimers(db: Database, page: ListPage): Promise<ListResult> {
  const { filter, sort, order, limit, offset, after, budget } = page;
  const plan = await planSearch(db, filter, sort);
  if (plan === undefined) return { outcome: 'unsorted' };
  if (offset > 0 && !plan.isByIndex) return { outcome: 'offset-in-search' };
  const unbounded = offset > 0 ? { ...budget, ms: Number.POSITIVE_INFINITY } : budget;
  const wanted = offset + limit + 1;
  const result = await searchTimers(db, { plan, order, wanted, after, budget: unbounded });
  const isFull = result.found.length === wanted;
  const found = result.found.slice(offset, offset + limit);
  const next = isFull ? result.found[offset + limit - 1] : result.reached;
  const [timers, { total, estimated }] = await Promise.all([
    findSummaries(db, found),
    totalOf(db, page, plan, result),
  ]);
  const complete = isFull || result.reached === undefined;
  const search = plan.isByIndex && complete ? null : { complete, scanned: result.scanned };
  return { outcome: 'listed', timers, next, total, estimated, search };
}
