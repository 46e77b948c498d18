import type {
  CallbackConfig,
  CatchUp,
  JsonValue,
  Overlap,
  RetryPolicy,
} from '@timer-platform/callback-types';
import { encryptHeaders, type HeaderKeys } from '../header-encryption.ts';

/** When the occurrences of a schedule are, as `schedules.recurrence` stores it. */
export type StoredRecurrence =
  | { readonly cron: readonly string[]; readonly exclude: readonly string[] }
  | { readonly every_ms: number; readonly phase_ms: number; readonly exclude: readonly string[] };

/** What a client decides about a schedule. Instants are RFC 3339. */
export interface ScheduleContent {
  readonly recurrence: StoredRecurrence;
  readonly timeZone: string;
  readonly startAt: string | null;
  readonly endAt: string | null;
  readonly maxOccurrences: number | null;
  /** null: none. */
  readonly jitterMs: number | null;
  readonly overlap: Overlap;
  readonly catchUp: CatchUp;
  readonly catchUpWindowMs: number;
  readonly catchUpSpacingMs: number;
  readonly expiresAfterMs: number | null;
  readonly callback: CallbackConfig;
  readonly retry: RetryPolicy | null;
  /** null: none. */
  readonly metadata: JsonValue;
  readonly pauseAfterFailures: number | null;
}

/** The columns that a client decides. */
export const CONTENT_COLUMNS = `recurrence, time_zone, start_at, end_at, max_occurrences, jitter_ms, overlap, catch_up,
  catch_up_window_ms, catch_up_spacing_ms, expires_after_ms, callback_type, callback_config, retry, metadata,
  pause_after_failures`;

/** The columns of `new` in a statement whose parameter $1 is the text of {@link contentJson}. */
export const NEW_CONTENT = `json_to_record($1::json) AS new (
  recurrence jsonb, time_zone text, start_at timestamptz, end_at timestamptz, max_occurrences bigint, jitter_ms bigint,
  overlap text, catch_up text, catch_up_window_ms bigint, catch_up_spacing_ms bigint, expires_after_ms bigint,
  callback_type text, callback_config jsonb, retry jsonb, metadata jsonb, pause_after_failures integer)`;

/** The values of {@link CONTENT_COLUMNS} for the schedule with this id. */
export function contentJson(id: string, content: ScheduleContent, headerKeys: HeaderKeys): string {
  return JSON.stringify({
    recurrence: content.recurrence,
    time_zone: content.timeZone,
    start_at: content.startAt,
    end_at: content.endAt,
    max_occurrences: content.maxOccurrences,
    jitter_ms: content.jitterMs,
    overlap: content.overlap,
    catch_up: content.catchUp,
    catch_up_window_ms: content.catchUpWindowMs,
    catch_up_spacing_ms: content.catchUpSpacingMs,
    expires_after_ms: content.expiresAfterMs,
    callback_type: content.callback.type,
    callback_config: encryptHeaders(headerKeys, id, content.callback),
    retry: content.retry,
    metadata: content.metadata,
    pause_after_failures: content.pauseAfterFailures,
  });
}
