import { sql } from 'kysely';
import type { Database } from '../connect.ts';
import {
  bucketOf,
  DUE,
  type ForecastRange,
  instantOf,
  isDueBetween,
  NAMED_PARTS,
  partOf,
  type PendingGroup,
} from './pending-buckets.ts';
import { rowsByIndex } from './rows-by-index.ts';

/** Timers that are counted one by one. */
const MAX_TIMERS = 10_000;
/** Bytes of callbacks that are read for their destinations. */
const MAX_CALLBACK_BYTES = 32 * 1_048_576;

/** The timers that were counted: the earliest ones. */
export interface CountedPending {
  readonly groups: readonly PendingGroup[];
  /** Every timer of the range that is due before this instant was counted. */
  readonly exactUntilMs: number;
  /** Average size of their callbacks; null: none was found. */
  readonly callbackBytes: number | null;
}

interface Row {
  bucket: number | null;
  destination: string | null;
  timers: number | null;
  bytes: number | null;
  exactUntilMs: number;
}

/**
 * `cut` is when the first timer is due that is too much; others may be due in the same instant. Callbacks may be large:
 * they are read only after it is known.
 */
export function pendingByBucket(range: ForecastRange) {
  const { fromMs, untilMs, byDestination } = range;
  const tooLarge = byDestination ? sql`OR bytes > ${MAX_CALLBACK_BYTES}` : sql``;
  return sql<Row>`
    WITH page AS (
      SELECT ${DUE} AS due, callback_bytes FROM timers WHERE ${isDueBetween(fromMs, untilMs)}
      ORDER BY ${DUE} LIMIT ${sql.lit(MAX_TIMERS + 1)}
    ), running AS (
      SELECT due, row_number() OVER earlier AS place, sum(COALESCE(callback_bytes, 1000)) OVER earlier AS bytes
      FROM page WINDOW earlier AS (ORDER BY due ROWS UNBOUNDED PRECEDING)
    ), cut AS (
      SELECT COALESCE(min(due), ${instantOf(untilMs)}) AS due FROM running WHERE place > ${MAX_TIMERS} ${tooLarge}
    ), counted AS (
      SELECT next_attempt_at, execute_at, callback_bytes, callback_config FROM timers
      WHERE ${isDueBetween(fromMs, untilMs)} AND ${DUE} < (SELECT due FROM cut)
      ORDER BY ${DUE} LIMIT ${sql.lit(MAX_TIMERS)}
    ), grouped AS (
      SELECT ${bucketOf(range)} AS bucket, ${partOf(range)} AS part, count(*)::integer AS timers,
        sum(callback_bytes)::double precision AS bytes
      FROM counted GROUP BY 1, 2
    ), ${NAMED_PARTS}
    SELECT bucket, destination, timers, bytes, date_part('epoch', due) * 1000 AS "exactUntilMs"
    FROM cut LEFT JOIN (grouped LEFT JOIN named USING (part)) ON true`;
}

/** Counts the timers that become due first, by bucket. Reads a bounded part of idx_timers_due. */
export async function countPendingByBucket(db: Database, range: ForecastRange): Promise<CountedPending> {
  const { sql: text, parameters } = pendingByBucket(range).compile(db.kysely);
  const rows = await rowsByIndex<Row>(db, { text }, parameters);
  const groups = rows.flatMap(({ bucket, destination, timers }) =>
    bucket === null || timers === null ? [] : [{ bucket, destination, timers }],
  );
  const timers = groups.reduce((sum, group) => sum + group.timers, 0);
  const bytes = rows.reduce((sum, row) => sum + (row.bytes ?? 0), 0);
  return {
    groups,
    exactUntilMs: rows[0]?.exactUntilMs ?? range.untilMs,
    callbackBytes: timers === 0 ? null : bytes / timers,
  };
}
