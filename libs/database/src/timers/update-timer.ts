import type { CallbackConfig, JsonValue, RetryPolicy } from '@timer-platform/callback-types';
import { type Database, statement } from '../connect.ts';
import { encryptHeaders, type HeaderKeys, NO_HEADER_KEYS } from '../header-encryption.ts';
import { isCheckViolation } from '../postgres-error.ts';
import { IS_PARKED } from '../sql-fragments.ts';
import { IS_UNCLAIMED } from '../state-guards.ts';
import { afterDelay } from './after-delay.ts';
import { changeFrom, type ChangeResult } from './change-timer.ts';
import type { IdempotencyKey } from './idempotency-key.ts';
import { ALL_CHANGED_COLUMNS, type TimerRow } from './timer-row.ts';

/** The fields to change. An absent field keeps its value, null clears it. */
export interface TimerUpdate {
  readonly executeAt?: string | undefined;
  /** Milliseconds from the database's now, instead of `executeAt`. */
  readonly delayMs?: number | undefined;
  readonly callback?: CallbackConfig | undefined;
  readonly metadata?: JsonValue | undefined;
  readonly retry?: RetryPolicy | null | undefined;
  readonly expiresAt?: string | null | undefined;
  /** Gives the timer all attempts of its retry policy, counted from execute_at, as a new timer has. */
  readonly restart?: boolean;
}

export type UpdateResult =
  | ChangeResult<TimerRow>
  | { readonly outcome: 'in-the-past' }
  /** The timer would expire before it is due, or when it is, or has expired. */
  | { readonly outcome: 'expires-before-due' };

/** $2 and $3 are the new instant or delay, $10 and $11 the new expiry. */
const NEW_EXECUTE_AT = `COALESCE($2::timestamptz, ${afterDelay('$3::double precision')}, execute_at)`;
const NEW_EXPIRES_AT = 'CASE WHEN $10 THEN $11::timestamptz ELSE expires_at END';
/** Only if one of the two changes: a timer that waits for a retry keeps an execute_at in the past. */
const EXPIRES_LATER = `(
     ($2::timestamptz IS NULL AND $3::double precision IS NULL AND NOT $10)
     OR COALESCE(${NEW_EXPIRES_AT} > GREATEST(${NEW_EXECUTE_AT}, clock_timestamp()), true))`;

/** Another callback may have another destination. If that one is paused as well, the timer is parked again. */
const LEAVES_PARKING = `($5::jsonb IS NOT NULL AND ${IS_PARKED})`;

const IS_FUTURE = statement('is-future', 'SELECT $1::timestamptz > clock_timestamp() AS future');

/**
 * A new instant also replaces that of a retry. A new revision gives the timer another message id: the old one may have
 * been delivered by an attempt whose end was not recorded, and receivers drop what they have seen.
 */
const ASSIGNMENTS = `
     execute_at = ${NEW_EXECUTE_AT},
     next_attempt_at = CASE
       WHEN num_nonnulls($2::timestamptz, $3::double precision) > 0 THEN NULL
       WHEN ${LEAVES_PARKING} THEN clock_timestamp()
       ELSE next_attempt_at END,
     callback_type = COALESCE($4, callback_type),
     callback_config = COALESCE($5::jsonb, callback_config),
     metadata = CASE WHEN $6 THEN $7::jsonb ELSE metadata END,
     retry = CASE WHEN $8 THEN $9::jsonb ELSE retry END,
     expires_at = ${NEW_EXPIRES_AT},
     attempts_forgiven = CASE WHEN $12 THEN attempts ELSE attempts_forgiven END,
     lost_claims = CASE WHEN $12 THEN 0 ELSE lost_claims END,
     retry_from = CASE WHEN $12 THEN NULL ELSE retry_from END,
     due_since = CASE WHEN num_nonnulls($2::timestamptz, $3::double precision) > 0 OR ${LEAVES_PARKING} THEN NULL ELSE due_since END,
     paused_for = CASE WHEN num_nonnulls($2::timestamptz, $3::double precision, $5::jsonb) > 0 THEN NULL ELSE paused_for END,
     revision = revision + CASE
       WHEN claims > 0 AND num_nonnulls($2::timestamptz, $3::double precision, $5::jsonb) > 0 THEN 1 ELSE 0 END,
     updated_at = now()`;

const UPDATE = statement(
  'update-timer',
  `UPDATE timers SET ${ASSIGNMENTS}
   WHERE id = $1 AND ${IS_UNCLAIMED} AND ${EXPIRES_LATER}
   RETURNING ${ALL_CHANGED_COLUMNS}`,
);

/**
 * The row is locked first: a concurrent request with the same key waits for it, and then finds the key, not an older
 * state of the timer. The key is stored only with the change.
 */
const UPDATE_ONCE = statement(
  'update-timer-once',
  `WITH changeable AS (
     SELECT id FROM timers WHERE id = $1 AND ${IS_UNCLAIMED} AND ${EXPIRES_LATER}
     FOR NO KEY UPDATE
   ), once AS (
     INSERT INTO idempotency_keys (client, key, request_hash, timer_ids)
     SELECT $13, $14, $15, ARRAY[id] FROM changeable
     ON CONFLICT DO NOTHING
     RETURNING key
   )
   UPDATE timers SET ${ASSIGNMENTS}
   WHERE id = $1 AND EXISTS (SELECT FROM once)
   RETURNING ${ALL_CHANGED_COLUMNS}`,
);

const EXPIRES_BEFORE_DUE = statement(
  'expires-before-due',
  `SELECT NOT ${EXPIRES_LATER.replaceAll('$10', '$4').replaceAll('$11', '$5')} AS expires FROM timers WHERE id = $1`,
);

/** Whether an instant (RFC 3339) is in the future by the clock of the database. */
export async function isInFuture(db: Database, instant: string): Promise<boolean> {
  const [row] = await db.rows<{ future: boolean }>(IS_FUTURE, [instant]);
  return row?.future === true;
}

function idempotencyValues({ client, key, requestHash }: IdempotencyKey): unknown[] {
  return [client, key, requestHash];
}

/** JSON null in `metadata` and `retry` is stored as SQL NULL, as by an insert. */
function jsonOrNull(value: JsonValue | RetryPolicy | undefined): string | null {
  return value === null || value === undefined ? null : JSON.stringify(value);
}

/**
 * Changes a pending timer. Rejects an instant that is not in the future by the database's clock.
 *
 * @param headerKeys encrypt the headers of a new callback if there is a current key
 * @param idempotency is stored with the change; if it is stored already, nothing changes and the outcome is `wrong-state`
 */
export async function updateTimer(
  db: Database,
  id: string,
  update: TimerUpdate,
  headerKeys: HeaderKeys = NO_HEADER_KEYS,
  idempotency?: IdempotencyKey,
): Promise<UpdateResult> {
  const { executeAt, delayMs, callback, metadata, retry, expiresAt, restart = false } = update;
  if (executeAt !== undefined && !(await isInFuture(db, executeAt))) return { outcome: 'in-the-past' };
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
    restart,
  ];
  let result: ChangeResult<TimerRow>;
  try {
    result = await changeFrom('pending', db, id, () =>
      idempotency === undefined
        ? db.rows<TimerRow>(UPDATE, values)
        : db.rows<TimerRow>(UPDATE_ONCE, [...values, ...idempotencyValues(idempotency)]),
    );
  } catch (error) {
    // Also an instant in the future can be before created_at, if that was set by SQL or by a clock that was ahead.
    if (isCheckViolation(error, 'future_execute_at')) return { outcome: 'in-the-past' };
    throw error;
  }
  if (result.outcome !== 'wrong-state' || result.status !== 'pending') return result;
  const timing = [id, executeAt ?? null, delayMs ?? null, expiresAt !== undefined, expiresAt ?? null];
  const [row] = await db.rows<{ expires: boolean }>(EXPIRES_BEFORE_DUE, timing);
  return row?.expires === true ? { outcome: 'expires-before-due' } : result;
}
