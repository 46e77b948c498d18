import type {
  CallbackType,
  CatchUp,
  JsonValue,
  Origin,
  Overlap,
  PauseReason,
  RetryPolicy,
  SkipReason,
  TimerState,
} from '@timer-platform/callback-types';
import type { ColumnType, Generated } from 'kysely';

/** JSONB: selected as a parsed value, inserted as JSON text. */
type Json<Value> = ColumnType<Value, string, string>;

/** A row of `timers` in the newest schema. */
export interface TimersTable {
  id: Generated<string>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
  execute_at: ColumnType<Date, string, string>;
  status: Generated<TimerState>;
  last_error: string | null;
  executed_at: Date | null;
  metadata: Json<JsonValue> | null;
  callback_type: Generated<CallbackType>;
  callback_config: Json<JsonValue>;
  attempts: Generated<number>;
  next_attempt_at: ColumnType<Date | null, string | null, string | null>;
  attempted_at: Date | null;
  claims: Generated<number>;
  lost_claims: Generated<number>;
  attempts_forgiven: Generated<number>;
  retry: Json<RetryPolicy> | null;
  expires_at: ColumnType<Date | null, string | null, string | null>;
  callback_bytes: number | null;
  revision: Generated<number>;
  due_since: Date | null;
  retry_from: Date | null;
  client: string | null;
  key: string | null;
  schedule_id: string | null;
  scheduled_for: ColumnType<Date | null, string | null, string | null>;
  origin: Origin | null;
  withdrawn: boolean | null;
  paused_for: string | null;
}

/** A row of `schedules`. */
export interface SchedulesTable {
  id: string;
  client: string;
  key: string;
  revision: Generated<number>;
  fence: Generated<number>;
  recurrence: Json<JsonValue>;
  time_zone: Generated<string>;
  start_at: ColumnType<Date | null, string | null, string | null>;
  end_at: ColumnType<Date | null, string | null, string | null>;
  max_occurrences: string | null;
  jitter_ms: string | null;
  overlap: Generated<Overlap>;
  catch_up: Generated<CatchUp>;
  catch_up_window_ms: Generated<string>;
  catch_up_spacing_ms: Generated<string>;
  expires_after_ms: string | null;
  callback_type: Generated<CallbackType>;
  callback_config: Json<JsonValue>;
  callback_bytes: number | null;
  retry: Json<RetryPolicy> | null;
  metadata: Json<JsonValue> | null;
  pause_after_failures: number | null;
  failures_from: Generated<Date>;
  paused_at: Date | null;
  paused_until: Date | null;
  pause_note: string | null;
  pause_reason: PauseReason | null;
  resumed_at: Date | null;
  resume_catch_up: CatchUp | null;
  cursor_at: ColumnType<Date, string, string>;
  next_at: Date | null;
  buffered_for: Date | null;
  catch_up_until: Date | null;
  skipping_from: Date | null;
  materialize_at: Date | null;
  occurrences: Generated<string>;
  time_zone_data: string | null;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

/** A row of `schedule_skips`: adjacent occurrences that were skipped for one reason. */
export interface ScheduleSkipsTable {
  schedule_id: string;
  scheduled_for: Date;
  until: Date;
  count: string;
  reason: SkipReason;
  at: Generated<Date>;
}

/** A row of `dispatchers`. */
export interface DispatchersTable {
  id: string;
  name: string;
  started_at: Generated<Date>;
  heartbeat_at: Generated<Date>;
  heartbeats: Generated<string>;
}

/** A row of `claim_batches`: claims of timers. */
export interface ClaimBatchesTable {
  id: Generated<string>;
  dispatcher: string | null;
  claimed_at: Generated<Date>;
  due_from: Date;
  due_to: Date;
  timer_ids: string[];
  tokens: number[];
}

/** A row of `timer_attempts`: a failed attempt. */
export interface TimerAttemptsTable {
  timer_id: string;
  number: number;
  due_at: Date;
  started_at: Date;
  finished_at: Date;
  status_code: number | null;
  error: string;
}

/** A row of `idempotency_keys`. */
export interface IdempotencyKeysTable {
  client: string;
  key: string;
  request_hash: Buffer;
  timer_ids: string[];
  created_at: Generated<Date>;
}

/** The row of `installation_settings`. */
export interface InstallationSettingsTable {
  only_row: Generated<boolean>;
  encrypts_headers: boolean;
  delivers_nats: boolean;
  egress_policy: Json<JsonValue> | null;
  nats_max_payload: string | null;
}

/** A row of `destination_settings`. */
export interface DestinationSettingsTable {
  destination: string;
  paused_at: Date | null;
  pause_note: string | null;
  rate_per_second: number | null;
  max_in_flight: number | null;
  updated_at: Generated<Date>;
  updated_by: string;
}

/** A row of `dispatcher_reports`. */
export interface DispatcherReportsTable {
  dispatcher: string;
  reported_at: Generated<Date>;
  report: Json<JsonValue>;
}

/** A row of `dispatch_minutes`. */
export interface DispatchMinutesTable {
  minute: Date;
  dispatcher: string;
  delivered: string;
  retried: string;
  failed: string;
  deferred: string;
  lateness: number[];
}

/** A row of `console_sessions`. */
export interface ConsoleSessionsTable {
  token_sha256: Buffer;
  key_name: string;
  key_check: Buffer;
  created_at: Generated<Date>;
  expires_at: Date;
}

/** A row of `operator_actions`. */
export interface OperatorActionsTable {
  id: string;
  at: Generated<Date>;
  client: string;
  action: string;
  target: string | null;
  request: Json<JsonValue> | null;
  affected: string;
  undo_of: string | null;
  undone_at: Date | null;
}

/** A row of `operator_action_timers`. */
export interface OperatorActionTimersTable {
  action_id: string;
  timer_id: string;
  revision: number;
  execute_at: Date;
  next_attempt_at: Date | null;
  due_since: Date | null;
  changed_at: Date;
}

/** All tables of the service, without the ledgers of the migrator. */
export interface Schema {
  timers: TimersTable;
  dispatchers: DispatchersTable;
  claim_batches: ClaimBatchesTable;
  timer_attempts: TimerAttemptsTable;
  idempotency_keys: IdempotencyKeysTable;
  installation_settings: InstallationSettingsTable;
  schedules: SchedulesTable;
  schedule_skips: ScheduleSkipsTable;
  destination_settings: DestinationSettingsTable;
  dispatcher_reports: DispatcherReportsTable;
  dispatch_minutes: DispatchMinutesTable;
  console_sessions: ConsoleSessionsTable;
  operator_actions: OperatorActionsTable;
  operator_action_timers: OperatorActionTimersTable;
}
