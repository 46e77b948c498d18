import type {
  CallbackType,
  CatchUp,
  JsonValue,
  Overlap,
  PauseReason,
  RetryPolicy,
} from '@timer-platform/callback-types';
import type { Instant } from '../timers/timer-row.ts';

/** The part of a schedule that a list shows. */
export interface ScheduleSummaryRow {
  readonly id: string;
  readonly key: string;
  readonly revision: number;
  /** Grows with every write of the row. */
  readonly fence: number;
  /** As stored, of any version. */
  readonly recurrence: JsonValue;
  readonly time_zone: string;
  readonly start_at: Instant | null;
  readonly end_at: Instant | null;
  readonly max_occurrences: number | null;
  readonly jitter_ms: number | null;
  readonly overlap: Overlap;
  readonly catch_up: CatchUp;
  readonly catch_up_window_ms: number;
  readonly catch_up_spacing_ms: number;
  readonly expires_after_ms: number | null;
  readonly callback_type: CallbackType;
  readonly pause_after_failures: number | null;
  readonly paused_at: Instant | null;
  readonly paused_until: Instant | null;
  readonly pause_note: string | null;
  readonly pause_reason: PauseReason | null;
  readonly resumed_at: Instant | null;
  readonly cursor_at: Instant;
  readonly next_at: Instant | null;
  readonly buffered_for: Instant | null;
  readonly materialize_at: Instant | null;
  readonly occurrences: number;
  readonly created_at: Instant;
  readonly updated_at: Instant;
  /** When the row was read, by the clock of the database. */
  readonly now: Date;
}

/** A stored schedule. */
export interface ScheduleRow extends ScheduleSummaryRow {
  readonly callback_config: JsonValue;
  readonly retry: RetryPolicy | null;
  readonly metadata: JsonValue;
}

/** Columns of a {@link ScheduleSummaryRow}. The driver would return a BIGINT as text. */
export const SCHEDULE_SUMMARY_COLUMNS = `id, key, revision, fence, recurrence, time_zone, start_at, end_at,
  max_occurrences::double precision, jitter_ms::double precision, overlap, catch_up,
  catch_up_window_ms::double precision, catch_up_spacing_ms::double precision, expires_after_ms::double precision,
  callback_type, pause_after_failures, paused_at, paused_until, pause_note, pause_reason, resumed_at, cursor_at, next_at,
  buffered_for, materialize_at, occurrences::double precision, created_at, updated_at, clock_timestamp() AS now`;

/** Columns of a {@link ScheduleRow}. */
export const SCHEDULE_COLUMNS = `${SCHEDULE_SUMMARY_COLUMNS}, callback_config, retry, metadata`;
