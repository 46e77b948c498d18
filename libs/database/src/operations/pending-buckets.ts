import { type RawBuilder, sql } from 'kysely';
import { DUE_AT } from '../sql-fragments.ts';

/** Which timers a forecast counts, and in which buckets. Instants are milliseconds since 1970. */
export interface ForecastRange {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly bucketMs: number;
  readonly byDestination: boolean;
}

/** Timers of one bucket and one destination. */
export interface PendingGroup {
  readonly bucket: number;
  /** null: not asked for, or unreadable. */
  readonly destination: string | null;
  readonly timers: number;
}

/**
 * The destination before it is normalized: scheme and authority of the URL, the whole URL if it is spelled in an unusual
 * way, or the topic. Callbacks with the same one have the same destination. It costs a tenth of timer_destination, which is
 * then called once for each.
 */
const PART = sql`CASE WHEN callback_config ->> 'type' = 'nats' THEN left('nats:' || (callback_config ->> 'topic'), 500)
  ELSE COALESCE(substring(callback_config ->> 'url' FROM '^https?://[^/?#\\\\]+'), callback_config ->> 'url') END`;

/** What timers are grouped by, beside the bucket. */
export function partOf({ byDestination }: Pick<ForecastRange, 'byDestination'>): RawBuilder<unknown> {
  return byDestination ? PART : sql`NULL::text`;
}

/** `named (part, destination)`: the destination of each part of `grouped`. timer_destination costs as much as ten rows. */
export const NAMED_PARTS = sql`named AS (
  SELECT part, CASE WHEN part LIKE 'nats:%' THEN part ELSE timer_destination(jsonb_build_object('url', part)) END AS destination
  FROM (SELECT DISTINCT part FROM grouped) AS parts)`;

/** The due instant that idx_timers_due has. */
export const DUE = sql.raw(DUE_AT);

/** The instant of a number of milliseconds since 1970. */
export function instantOf(ms: number): RawBuilder<unknown> {
  return sql`to_timestamp(${ms}::double precision / 1000)`;
}

/** The bucket of a timer. */
export function bucketOf({ fromMs, untilMs, bucketMs }: ForecastRange): RawBuilder<unknown> {
  const last = Math.ceil((untilMs - fromMs) / bucketMs) - 1;
  return sql`LEAST(floor((date_part('epoch', ${DUE}) * 1000 - ${fromMs}) / ${bucketMs}), ${last})::integer`;
}

/** Whether a timer is pending and due between two instants, the second one excluded. */
export function isDueBetween(fromMs: number, untilMs: number): RawBuilder<unknown> {
  return sql`status = 'pending' AND ${DUE} >= ${instantOf(fromMs)} AND ${DUE} < ${instantOf(untilMs)}`;
}
