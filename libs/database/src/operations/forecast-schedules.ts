import type { JsonValue } from '@timer-platform/callback-types';
import { sql } from 'kysely';
import { type Database, statement } from '../connect.ts';
import { epochMs } from '../sql-fragments.ts';
import { instantOf, NAMED_PARTS, partOf } from './pending-buckets.ts';

/** Schedules that a forecast reads. */
const MAX_SCHEDULES = 5_000;

/** What a forecast needs of a schedule. Instants are milliseconds since 1970. */
export interface ForecastSchedule {
  readonly id: string;
  readonly recurrence: JsonValue;
  readonly timeZone: string;
  readonly startAtMs: number | null;
  readonly endAtMs: number | null;
  /** Occurrences are decided up to here, or paused. */
  readonly afterMs: number;
  /** null: no limit. */
  readonly remaining: number | null;
  readonly jitterMs: number;
  /** null: not asked for, or unreadable. */
  readonly destination: string | null;
}

function list(untilMs: number, byDestination: boolean) {
  return sql<ForecastSchedule>`
    WITH grouped AS (
      SELECT id, recurrence, time_zone AS "timeZone",
        ${sql.raw(epochMs('start_at'))} AS "startAtMs", ${sql.raw(epochMs('end_at'))} AS "endAtMs",
        ${sql.raw(epochMs('GREATEST(cursor_at, paused_until)'))} AS "afterMs",
        (max_occurrences - occurrences)::double precision AS remaining,
        COALESCE(jitter_ms, 0)::double precision AS "jitterMs", ${partOf({ byDestination })} AS part
      FROM schedules
      WHERE materialize_at IS NOT NULL AND (paused_at IS NULL OR paused_until < ${instantOf(untilMs)})
        AND isfinite(cursor_at) AND COALESCE(start_at, '-infinity') < ${instantOf(untilMs)}
      ORDER BY id LIMIT ${sql.lit(MAX_SCHEDULES)}
    ), ${NAMED_PARTS}
    SELECT * FROM grouped LEFT JOIN named USING (part)`;
}

const COUNT = statement(
  'count-active-schedules',
  'SELECT count(*)::integer AS schedules FROM schedules WHERE materialize_at IS NOT NULL',
);

/**
 * The schedules that may occur before an instant: those that were stored first, and how many there are in all, if they are
 * too many to read.
 */
export async function listForecastSchedules(
  db: Database,
  untilMs: number,
  byDestination: boolean,
): Promise<{ readonly schedules: ForecastSchedule[]; readonly total: number }> {
  const { rows: schedules } = await list(untilMs, byDestination).execute(db.kysely);
  if (schedules.length < MAX_SCHEDULES) return { schedules, total: schedules.length };
  const [row] = await db.rows<{ schedules: number }>(COUNT);
  return { schedules, total: Math.max(row?.schedules ?? 0, schedules.length) };
}
