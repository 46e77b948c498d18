import {
  formatDuration,
  type Schedule,
  type SchedulePause,
  type ScheduleSummary,
} from '@timer-platform/callback-types';
import type { HeaderKeys, ScheduleRow, ScheduleSummaryRow, Withdrawal } from '@timer-platform/database';
import type { FastifyRequest } from 'fastify';
import { optionalInstant, presentInstant, shownCallback } from '../timers/present-timer.ts';
import { storedRecurrence, storedTiming } from './stored-timing.ts';

function duration(ms: number | null): string | null {
  return ms === null ? null : formatDuration(ms);
}

function presentPause(row: ScheduleSummaryRow): SchedulePause | null {
  if (row.paused_at === null) return null;
  return {
    since: presentInstant(row.paused_at),
    reason: row.pause_reason ?? 'requested',
    note: row.pause_note,
    until: optionalInstant(row.paused_until),
  };
}

type Recurrence = ReturnType<typeof storedRecurrence>;

/** The next occurrence. A dispatcher stores it when it has looked at the schedule; until then, it follows from the cursor. */
function nextAt(row: ScheduleSummaryRow, recurrence: Recurrence): string | null {
  if (row.paused_at !== null || row.materialize_at === null) return null;
  if (row.next_at !== null) return presentInstant(row.next_at);
  if (row.max_occurrences !== null && row.occurrences >= row.max_occurrences) return null;
  const next = recurrence?.next(Math.max(Number(row.cursor_at), Number(row.resumed_at ?? 0)));
  return next === undefined ? null : new Date(next).toISOString();
}

/** Converts a row for lists. */
export function presentScheduleSummary(row: ScheduleSummaryRow): ScheduleSummary {
  const recurrence = storedRecurrence(row);
  const timing = storedTiming(row);
  const next = nextAt(row, recurrence);
  const isWaiting = row.paused_at !== null || (row.materialize_at !== null && row.buffered_for !== null);
  return {
    key: row.key,
    id: row.id,
    revision: row.revision,
    created_at: presentInstant(row.created_at),
    updated_at: presentInstant(row.updated_at),
    cron: timing.cron,
    every: duration(timing.everyMs),
    phase: duration(timing.phaseMs),
    time_zone: row.time_zone,
    exclude: timing.exclude,
    start_at: optionalInstant(row.start_at),
    end_at: optionalInstant(row.end_at),
    max_occurrences: row.max_occurrences,
    jitter: formatDuration(row.jitter_ms ?? 0),
    overlap: row.overlap,
    catch_up: row.catch_up,
    catch_up_window: formatDuration(row.catch_up_window_ms),
    catch_up_spacing: formatDuration(row.catch_up_spacing_ms),
    expires_after: duration(row.expires_after_ms),
    pause_after_failures: row.pause_after_failures,
    callback_type: row.callback_type,
    description: recurrence?.describe() ?? '',
    next_at: next,
    paused: presentPause(row),
    occurrences: row.occurrences,
    ended: next === null && !isWaiting,
  };
}

/** Converts a row with all its fields. Whose request it is decides what of the callback is masked. */
export function presentSchedule(
  row: ScheduleRow,
  { apiKey }: FastifyRequest,
  headerKeys: HeaderKeys,
): Schedule {
  return {
    ...presentScheduleSummary(row),
    callback: shownCallback(row, apiKey?.role ?? 'read', headerKeys),
    retry: row.retry,
    metadata: row.metadata,
  };
}

/** What became of the occurrences. */
export function presentWithdrawal({ withdrawn, withdrawn_count, running }: Withdrawal) {
  return {
    withdrawn: [...withdrawn],
    withdrawn_count,
    running: running.map(({ id, status, scheduled_for }) => ({
      id,
      status,
      scheduled_for: new Date(scheduled_for).toISOString(),
    })),
  };
}
