import type { CallbackConfig, JsonValue, RetryPolicy } from '@timer-platform/callback-types';
import { type Database, statement } from '../connect.ts';
import { encryptHeaders, type HeaderKeys, NO_HEADER_KEYS } from '../header-encryption.ts';
import { IS_PENDING } from '../state-guards.ts';
import { afterDelay } from './after-delay.ts';
import { changeFrom, type ChangeResult } from './change-timer.ts';
import { SUMMARY_COLUMNS, type TimerSummaryRow } from './timer-row.ts';

/** The fields to change. An absent field keeps its value, null clears it. */
export interface TimerUpdate {
  readonly executeAt?: string | undefined;
  /** Milliseconds from the database's now, instead of `executeAt`. */
  readonly delayMs?: number | undefined;
  readonly callback?: CallbackConfig | undefined;
  readonly metadata?: JsonValue | undefined;
  readonly retry?: RetryPolicy | null | undefined;
  readonly expiresAt?: string | null | undefined;
}

export type UpdateResult = ChangeResult | { readonly outcome: 'in-the-past' };

const IS_FUTURE = statement('is-future', 'SELECT $1::timestamptz > clock_timestamp() AS future');

/** A new instant also replaces that of a retry. */
const UPDATE = statement(
  'update-timer',
  `UPDATE timers SET
     execute_at = COALESCE($2::timestamptz, ${afterDelay('$3::double precision')}, execute_at),
     next_attempt_at = CASE WHEN $2::timestamptz IS NULL AND $3::double precision IS NULL THEN next_attempt_at END,
     callback_type = COALESCE($4, callback_type),
     callback_config = COALESCE($5::jsonb, callback_config),
     metadata = CASE WHEN $6 THEN $7::jsonb ELSE metadata END,
     retry = CASE WHEN $8 THEN $9::jsonb ELSE retry END,
     expires_at = CASE WHEN $10 THEN $11::timestamptz ELSE expires_at END
   WHERE id = $1 AND ${IS_PENDING}
   RETURNING ${SUMMARY_COLUMNS}`,
);

/** JSON null in `metadata` and `retry` is stored as SQL NULL, as by an insert. */
function jsonOrNull(value: JsonValue | RetryPolicy | undefined): string | null {
  return value === null || value === undefined ? null : JSON.stringify(value);
}

/**
 * Changes a pending timer. Rejects an instant that is not in the future by the database's clock.
 *
 * @param headerKeys encrypt the headers of a new callback if there is a current key
 */
export async function updateTimer(
  db: Database,
  id: string,
  update: TimerUpdate,
  headerKeys: HeaderKeys = NO_HEADER_KEYS,
): Promise<UpdateResult> {
  const { executeAt, delayMs, callback, metadata, retry, expiresAt } = update;
  if (executeAt !== undefined) {
    const [row] = await db.rows<{ future: boolean }>(IS_FUTURE, [executeAt]);
    if (row?.future !== true) return { outcome: 'in-the-past' };
  }
  const values = [
    id,
    executeAt ?? null,
    delayMs ?? null,
    callback?.type ?? null,
    callback === undefined ? null : JSON.stringify(encryptHeaders(headerKeys, id, callback)),
    metadata !== undefined,
    jsonOrNull(metadata),
    retry !== undefined,
    jsonOrNull(retry),
    expiresAt !== undefined,
    expiresAt ?? null,
  ];
  return changeFrom('pending', db, id, () => db.rows<TimerSummaryRow>(UPDATE, values));
}
