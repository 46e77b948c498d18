import { canonicalJson } from '../canonical-json.ts';
import { decryptHeaders, type HeaderKeys } from '../header-encryption.ts';
import type { Instant } from '../timers/timer-row.ts';
import type { ScheduleContent } from './schedule-content.ts';
import type { ScheduleRow } from './schedule-row.ts';

function instantText(instant: Instant | null): string | null {
  if (instant === null) return null;
  return typeof instant === 'number' ? String(instant) : instant.toISOString();
}

/**
 * Whether a schedule already has this content, whatever the order of fields in its JSON. Headers that cannot be decrypted
 * count as different, so that sending the schedule again repairs it.
 */
export function hasContent(row: ScheduleRow, content: ScheduleContent, headerKeys: HeaderKeys): boolean {
  const callback = decryptHeaders(headerKeys, row.id, row.callback_config);
  if (!callback.ok) return false;
  const stored: Record<keyof ScheduleContent, unknown> = {
    recurrence: row.recurrence,
    timeZone: row.time_zone,
    startAt: instantText(row.start_at),
    endAt: instantText(row.end_at),
    maxOccurrences: row.max_occurrences,
    jitterMs: row.jitter_ms,
    overlap: row.overlap,
    catchUp: row.catch_up,
    catchUpWindowMs: row.catch_up_window_ms,
    catchUpSpacingMs: row.catch_up_spacing_ms,
    expiresAfterMs: row.expires_after_ms,
    callback: callback.config,
    retry: row.retry,
    metadata: row.metadata,
    pauseAfterFailures: row.pause_after_failures,
  };
  return canonicalJson(stored) === canonicalJson(content);
}
