import { sql } from 'kysely';
import type { Database } from '../connect.ts';
import { REPEATABLE, SAMPLE } from './page-sample.ts';
import {
  bucketOf,
  type ForecastRange,
  isDueBetween,
  NAMED_PARTS,
  partOf,
  type PendingGroup,
} from './pending-buckets.ts';

interface Row {
  bucket: number | null;
  destination: string | null;
  timers: number;
}

/**
 * Counts the timers of whole pages chosen at random by bucket.
 *
 * @param fromMs only timers that are due from then on
 * @param percent part of the pages of the table; 100: all of them
 */
export async function samplePendingByBucket(
  db: Database,
  range: ForecastRange,
  fromMs: number,
  percent: number,
): Promise<PendingGroup[]> {
  const { rows } = await sql<Row>`
    WITH grouped AS (
      SELECT ${bucketOf(range)} AS bucket, ${partOf(range)} AS part, count(*)::integer AS timers
      FROM timers ${sql.raw(SAMPLE)} (${percent}) ${sql.raw(REPEATABLE)}
      WHERE ${isDueBetween(fromMs, range.untilMs)}
      GROUP BY 1, 2
    ), ${NAMED_PARTS}
    SELECT bucket, destination, timers FROM grouped LEFT JOIN named USING (part)`.execute(db.kysely);
  return rows.flatMap(({ bucket, destination, timers }) =>
    bucket === null ? [] : [{ bucket, destination, timers }],
  );
}
