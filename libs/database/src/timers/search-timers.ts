import { sql } from 'kysely';
import type { Database } from '../connect.ts';
import { instantAt, type ListPosition, microsOf } from './list-position.ts';
import type { SearchPlan } from './search-plan.ts';

/** What a search may cost. */
export interface SearchBudget {
  readonly monotonicMs: () => number;
  /** No step starts after this time, in milliseconds; steps are made to end by then. */
  readonly ms: number;
}

export interface Search {
  readonly plan: SearchPlan;
  readonly order: 'asc' | 'desc';
  /** How many matches to find. */
  readonly wanted: number;
  /** Only timers after this position. */
  readonly after?: ListPosition | undefined;
  readonly budget: SearchBudget;
}

export interface SearchResult {
  /** Matching timers in order, at most as many as wanted. */
  readonly found: readonly ListPosition[];
  /** Rows that were compared with the filter. */
  readonly scanned: number;
  /** Where the search has stopped; undefined: at the end. */
  readonly reached: ListPosition | undefined;
}

/** Rows of the first step and of the largest. */
const FIRST_STEP = 500;
const LARGEST_STEP = 20_000;
/** How much larger the next step may be. */
const GROWTH = 8;

interface StepRow {
  readonly id: string | null;
  readonly micros: string;
  readonly scanned: number;
  readonly last_id: string | null;
  readonly last_micros: string;
}

/** Reads the next rows of the merged streams. The matches are the first `wanted` of them. */
async function step(db: Database, search: Search, rows: number, wanted: number, after?: ListPosition) {
  const { plan, order } = search;
  const direction = sql.raw(order);
  const back = sql.raw(order === 'asc' ? 'desc' : 'asc');
  const streams = plan.streams.map(
    ({ key, condition, isPlaced = sql<boolean>`true`, isByKeyOnly = false }) => {
      const position =
        after === undefined
          ? sql``
          : sql`AND (${key}, id) ${sql.raw(order === 'asc' ? '>' : '<')} (${instantAt(after.micros)}, ${after.id}::uuid)`;
      const where = sql`(${condition}) ${position}`;
      // Up to which key: the planner would otherwise sort all rows if it takes them for few.
      const bound = isByKeyOnly
        ? sql`AND ${key} ${sql.raw(order === 'asc' ? '<=' : '>=')} (SELECT ${sql.raw(order === 'asc' ? 'max' : 'min')}(bound)
          FROM (SELECT ${key} AS bound FROM timers WHERE ${where} ORDER BY ${key} ${direction} LIMIT ${rows}) AS bounds)`
        : sql``;
      return sql`(SELECT *, ${key} AS sort_key, ${isPlaced} AS is_placed FROM timers WHERE ${where} ${bound}
      ORDER BY ${key} ${direction}, id ${direction} LIMIT ${rows})`;
    },
  );
  const query = sql<StepRow>`
    WITH scanned AS MATERIALIZED (
      SELECT id, sort_key, is_placed AND (${plan.condition}) AS matches
      FROM (SELECT * FROM (${sql.join(streams, sql` UNION ALL `)}) AS streams
        ORDER BY sort_key ${direction}, id ${direction} LIMIT ${rows}) AS timers
    ), found AS (
      SELECT id, sort_key FROM scanned WHERE matches
      ORDER BY sort_key ${direction}, id ${direction} LIMIT ${wanted}
    ), last AS (
      SELECT id, sort_key FROM scanned ORDER BY sort_key ${back}, id ${back} LIMIT 1
    )
    SELECT found.id, ${microsOf(sql.raw('found.sort_key'))} AS micros,
      (SELECT count(*)::integer FROM scanned) AS scanned,
      last.id AS last_id, ${microsOf(sql.raw('last.sort_key'))} AS last_micros
    FROM (SELECT) AS always LEFT JOIN last ON true LEFT JOIN found ON true
    ORDER BY found.sort_key ${direction}, found.id ${direction}`;
  const result = await query.execute(db.kysely);
  const found = result.rows.flatMap(({ id, micros }) => (id === null ? [] : [{ id, micros }]));
  const [first] = result.rows;
  const scanned = first?.scanned ?? 0;
  const last = first?.last_id == null ? undefined : { id: first.last_id, micros: first.last_micros };
  return { found, scanned, last: scanned < rows ? undefined : last };
}

/**
 * Searches in order until enough timers match, the end is reached, or the budget is spent. A search by index is only
 * bounded by what is wanted.
 */
export async function searchTimers(db: Database, search: Search): Promise<SearchResult> {
  const { plan, wanted, budget } = search;
  const start = budget.monotonicMs();
  const found: ListPosition[] = [];
  let scanned = 0;
  let position = search.after;
  let rows = plan.isSmall ? Number.MAX_SAFE_INTEGER : Math.max(FIRST_STEP, plan.isByIndex ? wanted : 0);
  for (;;) {
    const stepStart = budget.monotonicMs();
    const result = await step(db, search, rows, wanted - found.length, position);
    found.push(...result.found);
    scanned += result.scanned;
    position = result.last;
    const last = found.at(-1);
    if (found.length === wanted && last !== undefined) return { found, scanned, reached: last };
    if (position === undefined) return { found, scanned, reached: undefined };
    const now = budget.monotonicMs();
    const left = budget.ms - (now - start);
    if (left <= 0) return { found, scanned, reached: position };
    const perMs = result.scanned / Math.max(1, now - stepStart);
    rows = Math.max(1, Math.floor(Math.min(LARGEST_STEP, rows * GROWTH, perMs * left)));
  }
}
