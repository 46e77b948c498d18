import type { JsonValue, Timer, TimerSummary } from '@timer-platform/callback-types';
import {
  decryptHeaders,
  type HeaderKeys,
  type InsertedTimer,
  type TimerRow,
  type TimerSummaryRow,
} from '@timer-platform/database';
import { maskCallback } from './mask-secrets.ts';

function instant(date: Date | null): string | null {
  return date === null ? null : date.toISOString();
}

/** Converts a timer that was just stored. */
export function presentInserted(timer: InsertedTimer): TimerSummary {
  return {
    id: timer.id,
    created_at: timer.createdAt.toISOString(),
    execute_at: timer.executeAt.toISOString(),
    callback_type: timer.callbackType,
    status: 'pending',
    executed_at: null,
  };
}

/** Converts a row for lists and for responses to changes. */
export function presentSummary(row: TimerSummaryRow): TimerSummary {
  return {
    id: row.id,
    created_at: row.created_at.toISOString(),
    execute_at: row.execute_at.toISOString(),
    callback_type: row.callback_type,
    status: row.status,
    executed_at: instant(row.executed_at),
  };
}

/** What a response may show of a stored callback. */
interface Visibility {
  /** Whether values that look like secrets are shown. */
  readonly secrets: boolean;
  readonly headerKeys: HeaderKeys;
}

/** Headers that no key decrypts are shown as stored if secrets may be shown, and masked as a whole otherwise. */
function shownCallback(
  { id, callback_config: stored }: TimerRow,
  { secrets, headerKeys }: Visibility,
): JsonValue {
  const decrypted = decryptHeaders(headerKeys, id, stored);
  const config = decrypted.ok ? decrypted.config : stored;
  return secrets ? config : maskCallback(config);
}

/** Converts a row with all its fields. */
export function presentTimer(row: TimerRow, visibility: Visibility): Timer {
  const executed = row.status === 'completed' || row.status === 'failed';
  const attempted = executed && row.attempted_at !== null;
  return {
    ...presentSummary(row),
    updated_at: row.updated_at.toISOString(),
    callback_config: shownCallback(row, visibility),
    metadata: row.metadata,
    last_error: row.last_error,
    attempts: row.attempts,
    due_at: row.due_at.toISOString(),
    attempted_at: instant(row.attempted_at),
    lateness_ms: attempted ? row.attempted_at.getTime() - row.due_at.getTime() : null,
    retry: row.retry,
    expires_at: instant(row.expires_at),
  };
}
