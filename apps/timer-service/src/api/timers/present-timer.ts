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

/** A timer that has just been stored, as the answer to its creation. */
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

/** A timer as lists and changes answer it. */
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

/** How much of a stored callback is shown. */
interface Visibility {
  /** Whether what looks like a secret is shown. */
  readonly secrets: boolean;
  readonly headerKeys: HeaderKeys;
}

/** Headers that no key opens are shown as they are stored to who may see secrets, and masked as a whole otherwise. */
function shownCallback(
  { id, callback_config: stored }: TimerRow,
  { secrets, headerKeys }: Visibility,
): JsonValue {
  const decrypted = decryptHeaders(headerKeys, id, stored);
  const config = decrypted.ok ? decrypted.config : stored;
  return secrets ? config : maskCallback(config);
}

/** A timer with everything that is stored of it. */
export function presentTimer(row: TimerRow, sight: Visibility): Timer {
  const executed = row.status === 'completed' || row.status === 'failed';
  const late = executed && row.attempted_at !== null;
  return {
    ...presentSummary(row),
    updated_at: row.updated_at.toISOString(),
    callback_config: shownCallback(row, sight),
    metadata: row.metadata,
    last_error: row.last_error,
    attempts: row.attempts,
    due_at: row.due_at.toISOString(),
    attempted_at: instant(row.attempted_at),
    lateness_ms: late ? row.attempted_at.getTime() - row.due_at.getTime() : null,
    retry: row.retry,
    expires_at: instant(row.expires_at),
  };
}
