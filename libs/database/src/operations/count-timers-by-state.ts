import { type Database, statement } from '../connect.ts';
import { DUE_AT, IS_PARKED } from '../sql-fragments.ts';
import { rowsByIndex } from './rows-by-index.ts';

/** Up to this many timers are counted one by one. */
export const MAX_EXACT_COUNT = 10_000;

/** The states that an index can count. */
export const INDEXED_STATES = ['pending', 'markedExecuting', 'failed', 'canceled', 'paused'] as const;
export type IndexedState = (typeof INDEXED_STATES)[number];

/**
 * Each count reads a part of one index. That of pending timers starts at its end: the entries at its start are those of
 * timers that have just been delivered, which every dispatcher reads.
 */
const RANGES: Readonly<Record<IndexedState, readonly [condition: string, order: string]>> = {
  pending: ["status = 'pending'", `${DUE_AT} DESC`],
  markedExecuting: ["status = 'executing'", 'updated_at'],
  failed: ["status = 'failed'", 'created_at DESC'],
  canceled: ["status = 'canceled'", 'created_at DESC'],
  paused: [IS_PARKED, 'paused_for'],
};

const COLUMNS = INDEXED_STATES.map((state, index) => {
  const [condition, order] = RANGES[state];
  return `CASE WHEN $${index + 1} THEN (SELECT count(*)::integer FROM (
    SELECT FROM timers WHERE ${condition} ORDER BY ${order} LIMIT ${MAX_EXACT_COUNT + 1}) AS bounded) END AS "${state}"`;
});

export const COUNT_TIMERS_BY_STATE = statement('count-timers-by-state', `SELECT ${COLUMNS.join(', ')}`);

/**
 * Counts the timers in some states, each up to {@link MAX_EXACT_COUNT} + 1; null for the others. Pending includes those
 * that are executing.
 */
export async function countTimersByState(
  db: Database,
  states: ReadonlySet<IndexedState>,
): Promise<Readonly<Record<IndexedState, number | null>>> {
  const [row] = await rowsByIndex<Record<IndexedState, number | null>>(
    db,
    COUNT_TIMERS_BY_STATE,
    INDEXED_STATES.map((state) => states.has(state)),
  );
  if (row === undefined) throw new Error('the statement returned no row');
  return row;
}
