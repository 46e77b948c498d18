import type { CatchUp, JsonValue, Origin, SkipReason } from '@timer-platform/callback-types';
import { type Database, statement } from '../connect.ts';
import { DURABLE, epochMs } from '../sql-fragments.ts';
import { GIVE_WAY_IF_WITHDRAWN } from './give-way-if-withdrawn.ts';

/** An occurrence to store as a timer. Instants are milliseconds since 1970. */
export interface NewOccurrence {
  /** Follows from schedule and nominal instant. */
  readonly id: string;
  readonly scheduledForMs: number;
  /** When it is due; if that has passed by the time of the statement, at once. */
  readonly executeAtMs: number;
  readonly origin: Origin;
  /** All headers of its callback, encrypted if there is a key. */
  readonly headers: JsonValue;
}

/** Adjacent occurrences to record as skipped. A run with the same start is extended. */
export interface NewSkips {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly count: number;
  readonly reason: SkipReason;
}

/** What was decided about a schedule. */
export interface ScheduleDecision {
  readonly id: string;
  /** Of the row from which it was planned. */
  readonly fence: number;
  readonly occurrences: readonly NewOccurrence[];
  readonly skips: readonly NewSkips[];
  /** Cancels unfinished occurrences that no dispatcher has claimed. */
  readonly cancelPrevious: boolean;
  /** Ends the pause. */
  readonly unpause: boolean;
  readonly cursorMs: number;
  readonly nextMs: number | null;
  readonly materializeMs: number | null;
  readonly bufferedForMs: number | null;
  readonly catchUpUntilMs: number | null;
  readonly skippingFromMs: number | null;
  readonly resumed: { readonly atMs: number; readonly catchUp: CatchUp } | null;
  /** Version of the time zone data that was used; null: none. */
  readonly timeZoneData: string | null;
}

/** A decision that was written. */
export interface WrittenDecision {
  readonly id: string;
  /** Timers that were stored, or that came back after they had been withdrawn. The others were there already. */
  readonly stored: number;
  /** When the first of them is due, in milliseconds since 1970; null: none was stored. */
  readonly dueMs: number | null;
  /** Predecessors that were canceled. */
  readonly canceled: number;
}

const instant = (ms: string): string => `to_timestamp(${ms} / 1000.0)`;

/**
 * One statement, so that nothing is held while it is on its way: a process that freezes or dies leaves nothing behind. A
 * schedule whose row was written since the plan was made, or is being written, is left out; it stays due.
 */
export const MATERIALIZE_OCCURRENCES = statement(
  'materialize-occurrences',
  `WITH decision AS MATERIALIZED (
     SELECT * FROM json_to_recordset($1::json) AS decision (
       id uuid, fence integer, occurrences json, skips json, cancel_previous boolean, unpause boolean, cursor_ms double precision,
       next_ms double precision, materialize_ms double precision, buffered_ms double precision, catch_up_until_ms double precision,
       skipping_from_ms double precision, resumed_ms double precision, resume_catch_up text, time_zone_data text)
   ), fenced AS MATERIALIZED (
     SELECT decision.*, schedules.client, schedules.callback_type, schedules.callback_config, schedules.metadata,
       schedules.retry, schedules.expires_after_ms
     FROM decision JOIN schedules ON schedules.id = decision.id, (SELECT ${DURABLE}) AS setting
     WHERE schedules.fence = decision.fence
     FOR NO KEY UPDATE OF schedules SKIP LOCKED
   ), previous AS MATERIALIZED (
     SELECT timers.id, timers.claims, COALESCE(next_attempt_at, execute_at) AS due_at
     FROM fenced JOIN timers ON timers.schedule_id = fenced.id AND timers.status = 'pending'
     WHERE fenced.cancel_previous
   ), claimed AS MATERIALIZED (
     SELECT claim.id, claim.token
     FROM (SELECT min(due_at) AS due_from, max(due_at) AS due_to FROM previous) AS bounds, claimed_timers(due_from, due_to) AS claim
   ), canceled AS (
     UPDATE timers SET status = 'canceled', last_error = 'canceled by the next occurrence of its schedule', updated_at = now()
     WHERE id = ANY (ARRAY(SELECT id FROM previous WHERE (id, claims) NOT IN (SELECT id, token FROM claimed)))
       AND status || '' = 'pending' AND lock_unclaimed_timer(timers.id)
     RETURNING schedule_id
   ), stored AS (
     INSERT INTO timers (id, execute_at, callback_type, callback_config, metadata, retry, expires_at, client, schedule_id,
       scheduled_for, origin)
     SELECT new.id, due.at, callback_type, jsonb_set(callback_config, '{headers}', new.headers), metadata, retry,
       due.at + expires_after_ms * interval '1 millisecond', client, fenced.id, ${instant('new.scheduled_ms')}, new.origin
     FROM fenced, json_to_recordset(fenced.occurrences) AS new (
            id uuid, scheduled_ms double precision, execute_ms double precision, origin text, headers jsonb),
          LATERAL (SELECT GREATEST(${instant('new.execute_ms')}, now() + interval '1 millisecond') AS at) AS due
     ${GIVE_WAY_IF_WITHDRAWN}
     RETURNING schedule_id, execute_at
   ), skipped AS (
     INSERT INTO schedule_skips (schedule_id, scheduled_for, until, count, reason)
     SELECT fenced.id, ${instant('new.from_ms')}, ${instant('new.until_ms')}, new.count, new.reason
     FROM fenced, json_to_recordset(fenced.skips) AS new (
       from_ms double precision, until_ms double precision, count bigint, reason text)
     ON CONFLICT (schedule_id, scheduled_for) DO UPDATE SET
       until = GREATEST(schedule_skips.until, EXCLUDED.until), count = schedule_skips.count + EXCLUDED.count, at = now()
   ), counts AS MATERIALIZED (
     -- Objects by id: a join would compare each schedule with all others, because hash joins are off.
     SELECT (SELECT COALESCE(jsonb_object_agg(schedule_id, count), '{}') FROM (
              SELECT schedule_id, count(*) AS count FROM stored GROUP BY schedule_id) AS each) AS stored,
            (SELECT COALESCE(jsonb_object_agg(schedule_id, due_ms), '{}') FROM (
              SELECT schedule_id, ${epochMs('min(execute_at)')} AS due_ms FROM stored GROUP BY schedule_id) AS each) AS due_ms,
            (SELECT COALESCE(jsonb_object_agg(schedule_id, count), '{}') FROM (
              SELECT schedule_id, count(*) AS count FROM canceled GROUP BY schedule_id) AS each) AS canceled
   )
   UPDATE schedules SET
     fence = schedules.fence + 1, cursor_at = ${instant('cursor_ms')}, next_at = ${instant('next_ms')},
     materialize_at = ${instant('materialize_ms')}, buffered_for = ${instant('buffered_ms')},
     catch_up_until = ${instant('catch_up_until_ms')}, skipping_from = ${instant('skipping_from_ms')},
     resumed_at = ${instant('resumed_ms')}, resume_catch_up = fenced.resume_catch_up,
     paused_at = CASE WHEN unpause THEN NULL ELSE paused_at END,
     paused_until = CASE WHEN unpause THEN NULL ELSE paused_until END,
     pause_note = CASE WHEN unpause THEN NULL ELSE pause_note END,
     pause_reason = CASE WHEN unpause THEN NULL ELSE pause_reason END,
     failures_from = CASE WHEN unpause THEN now() ELSE failures_from END,
     occurrences = schedules.occurrences + COALESCE((counts.stored ->> schedules.id::text)::bigint, 0),
     time_zone_data = GREATEST(schedules.time_zone_data, fenced.time_zone_data)
   FROM fenced, counts
   WHERE schedules.id = fenced.id
   RETURNING schedules.id, COALESCE((counts.stored ->> schedules.id::text)::integer, 0) AS stored,
     (counts.due_ms ->> schedules.id::text)::double precision AS "dueMs",
     COALESCE((counts.canceled ->> schedules.id::text)::integer, 0) AS canceled`,
);

function toJson(decision: ScheduleDecision): object {
  return {
    id: decision.id,
    fence: decision.fence,
    occurrences: decision.occurrences.map(({ id, scheduledForMs, executeAtMs, origin, headers }) => ({
      id,
      scheduled_ms: scheduledForMs,
      execute_ms: executeAtMs,
      origin,
      headers,
    })),
    skips: decision.skips.map(({ fromMs, untilMs, count, reason }) => ({
      from_ms: fromMs,
      until_ms: untilMs,
      count,
      reason,
    })),
    cancel_previous: decision.cancelPrevious,
    unpause: decision.unpause,
    cursor_ms: decision.cursorMs,
    next_ms: decision.nextMs,
    materialize_ms: decision.materializeMs,
    buffered_ms: decision.bufferedForMs,
    catch_up_until_ms: decision.catchUpUntilMs,
    skipping_from_ms: decision.skippingFromMs,
    resumed_ms: decision.resumed?.atMs ?? null,
    resume_catch_up: decision.resumed?.catchUp ?? null,
    time_zone_data: decision.timeZoneData,
  };
}

/**
 * Writes decisions, durably. Returns those that were written: the others lost to a change of their schedule or to another
 * dispatcher, and changed nothing. Fails as a whole if a value is invalid.
 */
export function materializeOccurrences(
  db: Database,
  decisions: readonly ScheduleDecision[],
): Promise<WrittenDecision[]> {
  return db.rows<WrittenDecision>(MATERIALIZE_OCCURRENCES, [JSON.stringify(decisions.map(toJson))]);
}
