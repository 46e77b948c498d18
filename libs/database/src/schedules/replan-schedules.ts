import { type Database, statement } from '../connect.ts';

/** Scans the primary key. Schedules without a cron pattern have no time zone data. */
const REPLAN = statement(
  'replan-schedules',
  `WITH page AS MATERIALIZED (
     SELECT id, time_zone_data, materialize_at FROM schedules WHERE id > $1 ORDER BY id LIMIT $3
   ), replanned AS (
     UPDATE schedules SET materialize_at = LEAST(materialize_at, now()), fence = fence + 1
     WHERE id = ANY (ARRAY(SELECT id FROM page WHERE time_zone_data < $2 AND materialize_at IS NOT NULL))
       AND materialize_at IS NOT NULL
     RETURNING 1
   )
   SELECT (SELECT count(*) FROM replanned)::integer AS replanned, (SELECT count(*) FROM page)::integer AS checked,
     (SELECT id FROM page ORDER BY id DESC LIMIT 1) AS reached`,
);

const SMALLEST_ID = '00000000-0000-0000-0000-000000000000';

export interface ReplanStep {
  /** Where the previous step ended. undefined: start with the first schedule. */
  readonly from: string | undefined;
  /** Version of the time zone data of this process. */
  readonly timeZoneData: string;
  /** Number of schedules to check. */
  readonly limit: number;
}

export interface ReplanResult {
  readonly replanned: number;
  /** Where the next step starts. undefined: this was the last step. */
  readonly next: string | undefined;
}

/** Makes schedules due whose next occurrence was computed with older time zone data. */
export async function replanSchedules(db: Database, step: ReplanStep): Promise<ReplanResult> {
  const { from = SMALLEST_ID, timeZoneData, limit } = step;
  const [row] = await db.rows<{ replanned: number; checked: number; reached: string | null }>(REPLAN, [
    from,
    timeZoneData,
    limit,
  ]);
  const { replanned = 0, checked = 0, reached = null } = row ?? {};
  return { replanned, next: checked === limit ? (reached ?? undefined) : undefined };
}
