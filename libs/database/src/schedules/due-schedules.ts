import type { CatchUp, JsonValue, Overlap, SkipReason } from '@timer-platform/callback-types';
import { type Database, statement } from '../connect.ts';
import { epochMs } from '../sql-fragments.ts';

/**
 * A schedule with what a plan needs of it and of its occurrences. Not validated: rows can be written by SQL or by a newer
 * version. Instants and durations are milliseconds, infinities included.
 */
export interface DueScheduleRow {
  readonly id: string;
  readonly key: string;
  /** To be passed with the plan: it has no effect if the row was written in between. */
  readonly fence: number;
  readonly recurrence: JsonValue;
  readonly timeZone: string;
  readonly startAtMs: number | null;
  readonly endAtMs: number | null;
  readonly maxOccurrences: number | null;
  readonly occurrences: number;
  readonly jitterMs: number | null;
  readonly overlap: Overlap;
  readonly catchUp: CatchUp;
  readonly catchUpWindowMs: number;
  readonly catchUpSpacingMs: number;
  /** The stored headers of the callback, perhaps encrypted. */
  readonly headers: JsonValue;
  /** Bytes of the callback as PostgreSQL prints it. */
  readonly bytes: number;
  readonly isPaused: boolean;
  readonly pausedUntilMs: number | null;
  readonly resumedAtMs: number | null;
  readonly resumeCatchUp: CatchUp | null;
  readonly cursorMs: number;
  readonly nextMs: number | null;
  readonly bufferedForMs: number | null;
  readonly catchUpUntilMs: number | null;
  readonly skippingFromMs: number | null;
  /** Of the run of skips that starts at `skippingFromMs`. */
  readonly skippingReason: SkipReason | null;
  readonly skippingCount: number | null;
  /** Whether an occurrence is pending or executing; false if occurrences may overlap. */
  readonly unfinished: boolean;
  /** Whether the last `pause_after_failures` occurrences that have finished all failed. */
  readonly hasFailed: boolean;
  /** How long a dispatcher could have looked at the schedule, in milliseconds. */
  readonly lagMs: number;
  /** The database's clock. */
  readonly nowMs: number;
}

/**
 * Pending and executing occurrences have the status pending: a claim does not write the row. Not EXISTS: the planner could
 * hash all pending timers for it, and keep that plan when there are millions. The order makes it use the index.
 */
const UNFINISHED = `overlap <> 'allow' AND (
       SELECT true FROM timers WHERE timers.schedule_id = due.id AND status = 'pending'
       ORDER BY scheduled_for LIMIT 1) IS NOT NULL`;

/** The most recent ones by nominal instant, from failures_from on: retries finish in another order. */
const HAS_FAILED = `pause_after_failures IS NOT NULL AND (
       SELECT count(*) FILTER (WHERE status = 'failed') = due.pause_after_failures
       FROM (
         SELECT status FROM timers
         WHERE timers.schedule_id = due.id AND scheduled_for > due.failures_from AND status IN ('completed', 'failed')
         ORDER BY scheduled_for DESC LIMIT due.pause_after_failures
       ) AS finished)`;

/** Whole milliseconds, exactly: as a double, the instant of an occurrence could come out as the millisecond before it. */
const wholeMs = (instant: string): string => `floor(extract(epoch FROM ${instant}) * 1000)::double precision`;

const SCHEDULE = `due.id, due.key, due.fence, due.recurrence, due.time_zone AS "timeZone",
     ${wholeMs('due.start_at')} AS "startAtMs", ${wholeMs('due.end_at')} AS "endAtMs",
     due.max_occurrences::double precision AS "maxOccurrences", due.occurrences::double precision AS occurrences,
     due.jitter_ms::double precision AS "jitterMs", due.overlap, due.catch_up AS "catchUp",
     due.catch_up_window_ms::double precision AS "catchUpWindowMs",
     due.catch_up_spacing_ms::double precision AS "catchUpSpacingMs",
     due.callback_config -> 'headers' AS headers, due.callback_bytes AS bytes,
     due.paused_at IS NOT NULL AS "isPaused", ${wholeMs('due.paused_until')} AS "pausedUntilMs",
     ${wholeMs('due.resumed_at')} AS "resumedAtMs", due.resume_catch_up AS "resumeCatchUp",
     ${wholeMs('due.cursor_at')} AS "cursorMs", ${wholeMs('due.next_at')} AS "nextMs", ${wholeMs('due.buffered_for')} AS "bufferedForMs",
     ${wholeMs('due.catch_up_until')} AS "catchUpUntilMs", ${wholeMs('due.skipping_from')} AS "skippingFromMs",
     run.reason AS "skippingReason", run.count::double precision AS "skippingCount",
     ${UNFINISHED} AS unfinished, ${HAS_FAILED} AS "hasFailed",
     ${epochMs('now()')} - ${epochMs('due.materialize_at')} AS "lagMs", ${epochMs('now()')} AS "nowMs"`;

const OPEN_RUN = `LEFT JOIN schedule_skips AS run ON run.schedule_id = due.id AND run.scheduled_for = due.skipping_from`;

/**
 * $2: version of the time zone data of this process, $3: how long schedules that were computed with newer data are left
 * to processes that have it.
 */
export const DUE_SCHEDULES = statement(
  'due-schedules',
  `WITH due AS MATERIALIZED (
     SELECT * FROM schedules
     WHERE materialize_at <= now()
       AND (time_zone_data IS NULL OR time_zone_data <= $2
            OR materialize_at <= now() - $3::double precision * interval '1 millisecond')
     ORDER BY materialize_at LIMIT $1
   )
   SELECT ${SCHEDULE} FROM due ${OPEN_RUN} ORDER BY due.materialize_at`,
);

const ONE = statement(
  'schedule-to-plan',
  `WITH due AS MATERIALIZED (SELECT * FROM schedules WHERE id = $1)
   SELECT ${SCHEDULE.replace(`${epochMs('now()')} - ${epochMs('due.materialize_at')}`, '0::double precision')} FROM due ${OPEN_RUN}`,
);

export const UPCOMING_SCHEDULES = statement(
  'upcoming-schedules',
  `SELECT ${epochMs('materialize_at')} - ${epochMs('now()')} AS "inMs",
     COALESCE(materialize_at >= next_at, true) OR buffered_for IS NOT NULL AS exact
   FROM schedules WHERE materialize_at > now() ORDER BY materialize_at LIMIT $1`,
);

export interface DueSchedulesRequest {
  /** Most schedules to read. */
  readonly limit: number;
  /** Version of the time zone data of this process. */
  readonly timeZoneData: string;
  /** How long schedules that newer data have computed are left to others, in milliseconds. */
  readonly newerDataGraceMs: number;
}

/** Reads schedules that have occurrences to decide, those that wait longest first. Takes no locks. */
export function findDueSchedules(db: Database, request: DueSchedulesRequest): Promise<DueScheduleRow[]> {
  const { limit, timeZoneData, newerDataGraceMs } = request;
  return db.rows<DueScheduleRow>(DUE_SCHEDULES, [limit, timeZoneData, newerDataGraceMs]);
}

/** Reads one schedule as {@link findDueSchedules} does, whether it is due or not. undefined: there is none. */
export async function findScheduleToPlan(db: Database, id: string): Promise<DueScheduleRow | undefined> {
  const [row] = await db.rows<DueScheduleRow>(ONE, [id]);
  return row;
}

/** A schedule that is due later. */
export interface UpcomingSchedule {
  readonly inMs: number;
  /** Its occurrence is decided at its nominal instant: a pass must not be late. */
  readonly exact: boolean;
}

/** The schedules that are due next. */
export function findUpcomingSchedules(db: Database, limit: number): Promise<UpcomingSchedule[]> {
  return db.rows<UpcomingSchedule>(UPCOMING_SCHEDULES, [limit]);
}
