import type { CallbackConfig, CallbackType, JsonValue, RetryPolicy } from '@timer-platform/callback-types';
import { type Database, statement } from '../connect.ts';
import { encryptHeaders, type HeaderKeys, NO_HEADER_KEYS } from '../header-encryption.ts';
import { mapInTurns } from '../map-in-turns.ts';
import { isCheckViolation } from '../postgres-error.ts';
import { afterDelay } from './after-delay.ts';
import { findRepeated, type IdempotencyKey, type Repeated } from './idempotency-key.ts';
import { newTimerId } from './new-timer-id.ts';
import { findUsedKeys, isKeyInUse, type TimerKey } from './timer-keys.ts';

/** A timer to store. Set either `executeAt` or `delayMs`. */
export interface NewTimer {
  readonly executeAt?: string | undefined;
  /** Milliseconds from the database's now. */
  readonly delayMs?: number | undefined;
  readonly callback: CallbackConfig;
  readonly metadata?: JsonValue | undefined;
  readonly retry?: RetryPolicy | null | undefined;
  readonly expiresAt?: string | null | undefined;
  readonly timerKey?: TimerKey | undefined;
}

export interface InsertedTimer {
  readonly id: string;
  readonly callbackType: CallbackType;
  readonly createdAt: Date;
  readonly executeAt: Date;
  readonly destination: string | null;
  readonly key: string | null;
}

export type InsertResult =
  | { readonly outcome: 'inserted'; readonly timers: readonly InsertedTimer[] }
  | Repeated
  /** The indexes of the items that are not in the future by the database's clock. Nothing was stored. */
  | { readonly outcome: 'in-the-past'; readonly items: readonly number[] }
  /** The indexes of the items that expire before they are due, or when they are. Nothing was stored. */
  | { readonly outcome: 'expires-before-due'; readonly items: readonly number[] }
  /** The indexes of the items whose key another unfinished timer has, or an earlier item. Nothing was stored. */
  | { readonly outcome: 'key-in-use'; readonly items: readonly number[] };

/** The columns of {@link ROWS}. */
const COLUMNS = 'id, execute_at, callback_type, callback_config, metadata, retry, expires_at, client, key';

/** One statement for any number of timers. A single JSON parameter is cheaper than an array for each column. */
const ROWS = `
  SELECT id, COALESCE(execute_at, ${afterDelay('delay_ms')}) AS execute_at,
         callback_type, callback_config, metadata, retry, expires_at, client, key
  FROM json_to_recordset($1::json) AS new (
    id uuid, execute_at timestamptz, delay_ms double precision, callback_type text, callback_config jsonb,
    metadata jsonb, retry jsonb, expires_at timestamptz, client text, key text)`;

const INSERTED =
  'id, created_at, execute_at, callback_type, timer_destination(callback_config) AS destination, timers.key';

const INSERT = statement(
  'insert-timers',
  `INSERT INTO timers (${COLUMNS}) ${ROWS}
   RETURNING ${INSERTED}`,
);

/** A concurrent request with the same key waits for the first to commit, and then inserts nothing. */
const INSERT_ONCE = statement(
  'insert-timers-once',
  `WITH once AS (
     INSERT INTO idempotency_keys (client, key, request_hash, timer_ids) VALUES ($2, $3, $4, $5)
     ON CONFLICT DO NOTHING
     RETURNING key
   )
   INSERT INTO timers (${COLUMNS}) ${ROWS}
   WHERE EXISTS (SELECT FROM once)
   RETURNING ${INSERTED}`,
);

/** Used if a timer has an expiry: stores nothing if one of them is not after its execute_at. */
const ALL_EXPIRE_LATER = `NOT EXISTS (SELECT FROM new WHERE expires_at <= execute_at)`;

const INSERT_EXPIRING = statement(
  'insert-expiring-timers',
  `WITH new AS MATERIALIZED (${ROWS})
   INSERT INTO timers (${COLUMNS})
   SELECT * FROM new WHERE ${ALL_EXPIRE_LATER}
   RETURNING ${INSERTED}`,
);

const INSERT_EXPIRING_ONCE = statement(
  'insert-expiring-timers-once',
  `WITH new AS MATERIALIZED (${ROWS}), once AS (
     INSERT INTO idempotency_keys (client, key, request_hash, timer_ids)
     SELECT $2, $3, $4, $5 WHERE ${ALL_EXPIRE_LATER}
     ON CONFLICT DO NOTHING
     RETURNING key
   )
   INSERT INTO timers (${COLUMNS})
   SELECT * FROM new WHERE EXISTS (SELECT FROM once)
   RETURNING ${INSERTED}`,
);

/** now() is later than that of the insert, so that no delay is missed. */
const EXPIRE_BEFORE_DUE = statement(
  'find-expired-timers',
  `SELECT (ordinal - 1)::integer AS index
   FROM unnest($1::timestamptz[], $2::double precision[], $3::timestamptz[])
     WITH ORDINALITY AS item (execute_at, delay_ms, expires_at, ordinal)
   WHERE expires_at <= COALESCE(execute_at, ${afterDelay('delay_ms')})`,
);

const NOT_IN_FUTURE = statement(
  'find-past-instants',
  `SELECT (ordinal - 1)::integer AS index
   FROM unnest($1::timestamptz[]) WITH ORDINALITY AS item (execute_at, ordinal)
   WHERE execute_at <= clock_timestamp()`,
);

interface InsertedRow {
  id: string;
  created_at: Date;
  execute_at: Date;
  callback_type: CallbackType;
  destination: string | null;
  key: string | null;
}

/**
 * Stores all timers or none, durably. Returns them in the same order.
 *
 * @param headerKeys encrypt the headers of the callbacks if there is a current key
 */
export async function insertTimers(
  db: Database,
  timers: readonly NewTimer[],
  idempotency?: IdempotencyKey,
  headerKeys: HeaderKeys = NO_HEADER_KEYS,
): Promise<InsertResult> {
  const ids = timers.map(() => newTimerId());
  const texts = await mapInTurns(timers, (timer, index) =>
    JSON.stringify(toRow(timer, ids[index] ?? '', headerKeys)),
  );
  const rows = `[${texts.join(',')}]`;
  const expiring = timers.some(({ expiresAt }) => expiresAt !== null && expiresAt !== undefined);
  let inserted: InsertedRow[];
  try {
    inserted = await (idempotency === undefined
      ? db.rows<InsertedRow>(expiring ? INSERT_EXPIRING : INSERT, [rows])
      : db.rows<InsertedRow>(expiring ? INSERT_EXPIRING_ONCE : INSERT_ONCE, [
          rows,
          idempotency.client,
          idempotency.key,
          idempotency.requestHash,
          ids,
        ]));
  } catch (error) {
    if (isCheckViolation(error, 'future_execute_at'))
      return { outcome: 'in-the-past', items: await findPastItems(db, timers) };
    if (isKeyInUse(error)) return { outcome: 'key-in-use', items: await findItemsOfUsedKeys(db, timers) };
    throw error;
  }
  if (inserted.length === 0) {
    const repeated = idempotency && (await findRepeated(db, idempotency));
    if (repeated !== undefined) return repeated;
    if (expiring) return { outcome: 'expires-before-due', items: await findExpiredItems(db, timers) };
    throw new Error('the idempotency key is in use, but its row was not found');
  }
  const byId = new Map(inserted.map((row) => [row.id, row]));
  return { outcome: 'inserted', timers: ids.flatMap((id) => byId.get(id) ?? []).map(toInserted) };
}

function toRow(timer: NewTimer, id: string, headerKeys: HeaderKeys) {
  return {
    id,
    execute_at: timer.executeAt,
    delay_ms: timer.delayMs,
    callback_type: timer.callback.type,
    callback_config: encryptHeaders(headerKeys, id, timer.callback),
    metadata: timer.metadata,
    retry: timer.retry,
    expires_at: timer.expiresAt,
    client: timer.timerKey?.client,
    key: timer.timerKey?.key,
  };
}

function toInserted(row: InsertedRow): InsertedTimer {
  return {
    id: row.id,
    callbackType: row.callback_type,
    createdAt: row.created_at,
    executeAt: row.execute_at,
    destination: row.destination,
    key: row.key,
  };
}

async function findPastItems(db: Database, timers: readonly NewTimer[]): Promise<number[]> {
  const past = await db.rows<{ index: number }>(NOT_IN_FUTURE, [
    timers.map((timer) => timer.executeAt ?? null),
  ]);
  return past.map((row) => row.index);
}

/** All items with a key if the timer that had one of them is finished by now. */
async function findItemsOfUsedKeys(db: Database, timers: readonly NewTimer[]): Promise<readonly number[]> {
  const used = await findUsedKeys(
    db,
    timers.map(({ timerKey }) => timerKey),
  );
  if (used.length > 0) return used;
  return timers.flatMap(({ timerKey }, index) => (timerKey === undefined ? [] : [index]));
}

async function findExpiredItems(db: Database, timers: readonly NewTimer[]): Promise<number[]> {
  const expired = await db.rows<{ index: number }>(EXPIRE_BEFORE_DUE, [
    timers.map((timer) => timer.executeAt ?? null),
    timers.map((timer) => timer.delayMs ?? null),
    timers.map((timer) => timer.expiresAt ?? null),
  ]);
  return expired.map((row) => row.index);
}
