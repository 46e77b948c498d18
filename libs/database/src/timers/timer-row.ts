import type {
  CallbackType,
  JsonValue,
  Origin,
  RetryPolicy,
  TimerState,
} from '@timer-platform/callback-types';
import { DUE_AT, IS_PARKED } from '../sql-fragments.ts';
import { CURRENT_STATUS } from './current-status.ts';

/** An instant as the driver reads it. A number is Infinity or -Infinity: rows that were written with SQL may have them. */
export type Instant = Date | number;

/** A stored timer. `due_at` is when it is due or was last due. */
export interface TimerRow {
  readonly id: string;
  readonly created_at: Instant;
  readonly updated_at: Instant;
  readonly execute_at: Instant;
  readonly due_at: Instant;
  readonly callback_type: CallbackType;
  readonly callback_config: JsonValue;
  readonly status: TimerState;
  readonly last_error: string | null;
  readonly executed_at: Instant | null;
  readonly metadata: JsonValue;
  readonly attempts: number;
  readonly attempted_at: Instant | null;
  readonly retry: RetryPolicy | null;
  readonly expires_at: Instant | null;
  readonly key: string | null;
  /** The schedule whose occurrence the timer is. */
  readonly schedule_id: string | null;
  /** null if the schedule has been deleted. */
  readonly schedule_key: string | null;
  readonly scheduled_for: Instant | null;
  readonly origin: Origin | null;
  /** null if the URL has none. */
  readonly destination: string | null;
  /** Whether it waits because its destination is paused. */
  readonly paused: boolean;
}

/** The part of a timer that a list shows. */
export type TimerSummaryRow = Pick<
  TimerRow,
  | 'id'
  | 'created_at'
  | 'execute_at'
  | 'callback_type'
  | 'status'
  | 'executed_at'
  | 'schedule_id'
  | 'schedule_key'
  | 'scheduled_for'
  | 'origin'
  | 'due_at'
  | 'destination'
  | 'attempts'
  | 'last_error'
  | 'key'
  | 'paused'
>;

/** Columns that a {@link TimerRow} has and a {@link TimerSummaryRow} has not. */
const FURTHER_COLUMNS = 'updated_at, callback_config, metadata, attempted_at, retry, expires_at';

/** The key of the schedule of a timer that has this schedule_id. */
const SCHEDULE_KEY = '(SELECT schedules.key FROM schedules WHERE schedules.id = schedule_id)';

/** When a timer is or was due, as clients see it: also while it is deferred, or waits for a paused destination. */
const SHOWN_DUE_AT = `COALESCE(due_since, ${DUE_AT})`;

const DETAILS = `${SHOWN_DUE_AT} AS due_at, timer_destination(callback_config) AS destination, attempts, last_error,
  timers.key, COALESCE(timers.${IS_PARKED}, FALSE) AS paused`;

const OCCURRENCE = `schedule_id, ${SCHEDULE_KEY} AS schedule_key, scheduled_for, origin`;

/** Columns of a {@link TimerSummaryRow} as a statement returns a timer that it has just changed: nobody has claimed it. */
export const CHANGED_COLUMNS = `id, created_at, execute_at, callback_type, status, executed_at, ${DETAILS}, ${OCCURRENCE}`;

/** The same for a {@link TimerRow}. */
export const ALL_CHANGED_COLUMNS = `${CHANGED_COLUMNS}, ${FURTHER_COLUMNS}`;

/** Columns of a {@link TimerSummaryRow}. */
export const SUMMARY_COLUMNS = `id, created_at, execute_at, callback_type, ${CURRENT_STATUS} AS status, executed_at, ${DETAILS}, ${OCCURRENCE}`;

/** Columns of a {@link TimerRow}. */
export const TIMER_COLUMNS = `${SUMMARY_COLUMNS}, ${FURTHER_COLUMNS}`;
