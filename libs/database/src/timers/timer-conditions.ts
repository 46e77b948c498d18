import type { CallbackType, TimerState } from '@timer-platform/callback-types';
import { type RawBuilder, sql } from 'kysely';
import { DUE_AT } from '../sql-fragments.ts';

/** Which timers to list or to change. A timer must match all fields; an absent field matches every timer. */
export interface TimerFilter {
  readonly status?: TimerState | undefined;
  readonly callbackType?: CallbackType | undefined;
  /** As the function timer_destination names it. */
  readonly destination?: string | undefined;
  /** RFC 3339, as all instants here: due at this instant or later, as clients see it. */
  readonly dueFrom?: string | undefined;
  readonly dueBefore?: string | undefined;
  readonly createdFrom?: string | undefined;
  readonly createdBefore?: string | undefined;
  readonly failedFrom?: string | undefined;
  readonly failedBefore?: string | undefined;
  /** An object as JSON text that the metadata must contain. */
  readonly metadata?: string | undefined;
  /** A substring of `last_error`. Case-sensitive, without wildcards. */
  readonly lastError?: string | undefined;
  /** The key of schedules of any client whose occurrences match. */
  readonly schedule?: string | undefined;
  /** The key of timers of any client. */
  readonly key?: string | undefined;
  readonly ids?: readonly string[] | undefined;
}

/** A condition on a row of `timers`. */
export type Condition = RawBuilder<boolean>;

const shownDueAt = sql.raw<Date>(`COALESCE(due_since, ${DUE_AT})`);

/** The ids and tokens of all claims. Claims that have ended may still be among them. A hashed lookup: evaluated once. */
const isClaimed = sql<boolean>`(id, claims) IN (
  SELECT claim.id, claim.token FROM claim_batches, unnest(timer_ids, tokens) AS claim (id, token))`;

/** Whether a timer has this status as clients see it: a claimed one is executing. */
export function hasStatus(status: TimerState): Condition {
  if (status === 'pending') return sql`status = 'pending' AND NOT ${isClaimed}`;
  if (status !== 'executing') return sql`status = ${status}`;
  return sql`(status = 'executing' OR (status = 'pending' AND ${isClaimed}))`;
}

/** Holds every executing timer, by the primary key. */
export const EXECUTING_RANGE = sql<boolean>`id = ANY (ARRAY(
  SELECT claim.id FROM claim_batches, unnest(timer_ids) AS claim (id)
  UNION ALL SELECT executing.id FROM timers AS executing WHERE executing.status = 'executing'))`;

/** A search for a part of the name comes first: it is many times faster than to find the name of each callback. */
function hasDestination(name: string): Condition {
  const part = name.replace(/^(?:nats:|https?:\/\/)/, '').replace(/:\d+$/, '');
  return sql`CASE WHEN position(lower(${part}) IN lower(translate(
      COALESCE(callback_config ->> 'url', callback_config ->> 'topic'), E'\\t\\n\\r', ''))) > 0
    THEN timer_destination(callback_config) = ${name} ELSE false END`;
}

type Field = Exclude<keyof TimerFilter, 'status' | 'ids' | 'schedule'>;

const CONDITIONS: Readonly<Record<Field, (value: string) => Condition>> = {
  // Part of the text: a plan for any parameter could not use an index of one type.
  callbackType: (type) => sql`callback_type = ${sql.lit(type)}`,
  destination: hasDestination,
  dueFrom: (instant) => sql`${shownDueAt} >= ${instant}::timestamptz`,
  dueBefore: (instant) => sql`${shownDueAt} < ${instant}::timestamptz`,
  createdFrom: (instant) => sql`created_at >= ${instant}::timestamptz`,
  createdBefore: (instant) => sql`created_at < ${instant}::timestamptz`,
  failedFrom: (instant) => sql`executed_at >= ${instant}::timestamptz`,
  failedBefore: (instant) => sql`executed_at < ${instant}::timestamptz`,
  metadata: (json) => sql`metadata @> ${json}::jsonb`,
  lastError: (text) => sql`position(${text} IN last_error) > 0`,
  key: (key) => sql`key = ${key}`,
};

/**
 * The conditions of a filter without its status.
 *
 * @param scheduleIds the ids of the schedules that `schedule` names
 */
export function conditionsOf(filter: TimerFilter, scheduleIds: readonly string[]): Condition[] {
  const conditions = Object.entries(CONDITIONS).flatMap(([name, condition]) => {
    const value = filter[name as Field];
    return value === undefined ? [] : [condition(value)];
  });
  if (filter.ids !== undefined) conditions.push(sql`id = ANY (${filter.ids}::uuid[])`);
  if (filter.schedule !== undefined) conditions.push(sql`schedule_id = ANY (${scheduleIds}::uuid[])`);
  return conditions;
}

/** All of them, or true. */
export function allOf(conditions: readonly Condition[]): Condition {
  return conditions.length === 0 ? sql`true` : sql`${sql.join(conditions, sql` AND `)}`;
}
