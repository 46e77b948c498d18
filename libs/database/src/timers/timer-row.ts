import type { CallbackType, JsonValue, RetryPolicy, TimerState } from '@timer-platform/callback-types';

/** A stored timer. `due_at` is when it is due or was last due. */
export interface TimerRow {
  readonly id: string;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly execute_at: Date;
  readonly due_at: Date;
  readonly callback_type: CallbackType;
  readonly callback_config: JsonValue;
  readonly status: TimerState;
  readonly last_error: string | null;
  readonly executed_at: Date | null;
  readonly metadata: JsonValue;
  readonly attempts: number;
  readonly attempted_at: Date | null;
  readonly retry: RetryPolicy | null;
  readonly expires_at: Date | null;
}

/** The part of a timer that a list shows. */
export type TimerSummaryRow = Pick<
  TimerRow,
  'id' | 'created_at' | 'execute_at' | 'callback_type' | 'status' | 'executed_at'
>;

/** Columns of a {@link TimerSummaryRow}. */
export const SUMMARY_COLUMNS = 'id, created_at, execute_at, callback_type, status, executed_at';

/** Columns of a {@link TimerRow}. */
export const TIMER_COLUMNS = `${SUMMARY_COLUMNS}, updated_at, callback_config, last_error, metadata, attempts, attempted_at,
  retry, expires_at, COALESCE(next_attempt_at, execute_at) AS due_at`;
