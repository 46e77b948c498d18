import type { Database } from '../connect.ts';
import {
  type BulkChange,
  type BulkProgress,
  changeTimers,
  countChangeable,
} from '../operations/bulk-change.ts';
import { type ListedTimers, type ListPage, listTimers } from '../timers/list-timers.ts';
import { newTimerId } from '../timers/new-timer-id.ts';
import type { SearchBudget } from '../timers/search-timers.ts';
import type { TimerFilter } from '../timers/timer-conditions.ts';

/** Enough for every test. */
export const AMPLE: SearchBudget = { monotonicMs: () => performance.now(), ms: 60_000 };

/** A page of a list that is not refused. */
export async function listed(db: Database, page: Omit<ListPage, 'budget'>): Promise<ListedTimers> {
  const result = await listTimers(db, { ...page, budget: AMPLE });
  if (result.outcome !== 'listed') throw new Error(result.outcome);
  return result;
}

interface BulkOptions {
  readonly limit?: number;
  readonly id?: string;
}

const requestOf = (
  filter: TimerFilter,
  change: BulkChange,
  { limit = 100, id = newTimerId() }: BulkOptions,
) => ({
  filter,
  change,
  action: { id, client: 'tests', request: null },
  limit,
  budget: AMPLE,
});

/** Changes the timers that match, in an action of its own unless it is given. */
export function bulk(
  db: Database,
  change: BulkChange | Exclude<BulkChange['action'], 'reschedule_timers'>,
  filter: TimerFilter = {},
  options: BulkOptions = {},
): Promise<BulkProgress> {
  const full = typeof change === 'string' ? { action: change } : change;
  return changeTimers(db, requestOf(filter, full, options));
}

/** Counts the failed timers that match. */
export async function countRetryable(db: Database, filter: TimerFilter, limit: number): Promise<number> {
  const request = requestOf(filter, { action: 'retry_timers' }, { limit });
  return (await countChangeable(db, request)).matched;
}
