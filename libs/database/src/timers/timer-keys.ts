import { type Database, statement } from '../connect.ts';
import { isUniqueViolation } from '../postgres-error.ts';

/** A key that a client has given to a timer. Clients have separate keys. */
export interface TimerKey {
  /** The name of the API key. */
  readonly client: string;
  readonly key: string;
}

const FIND_PENDING = statement(
  'find-pending-key',
  `SELECT id FROM timers WHERE client = $1 AND key = $2 AND status = 'pending'`,
);

const FIND_NEWEST = statement(
  'find-newest-of-key',
  'SELECT id FROM timers WHERE client = $1 AND key = $2 ORDER BY created_at DESC LIMIT 1',
);

const FIND_USED = statement(
  'find-used-keys',
  `SELECT (ordinal - 1)::integer AS index
   FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS item (client, key, ordinal)
   JOIN timers USING (client, key)
   WHERE timers.status = 'pending'
   ORDER BY ordinal`,
);

/** Whether a statement would have made a second pending timer with the same key. */
export function isKeyInUse(error: unknown): boolean {
  return isUniqueViolation(error, 'idx_timers_pending_key');
}

/** The id of the unfinished timer with this key. */
export async function findPendingTimer(db: Database, { client, key }: TimerKey): Promise<string | undefined> {
  const [row] = await db.rows<{ id: string }>(FIND_PENDING, [client, key]);
  return row?.id;
}

/** The id of the unfinished timer with this key, or of the newest finished one. */
export async function findTimerByKey(db: Database, timerKey: TimerKey): Promise<string | undefined> {
  const pending = await findPendingTimer(db, timerKey);
  if (pending !== undefined) return pending;
  const [row] = await db.rows<{ id: string }>(FIND_NEWEST, [timerKey.client, timerKey.key]);
  return row?.id;
}

/** Returns the indexes of the keys that an unfinished timer has, or an earlier key of the list. */
export async function findUsedKeys(db: Database, keys: readonly (TimerKey | undefined)[]): Promise<number[]> {
  const used = await db.rows<{ index: number }>(FIND_USED, [
    keys.map((key) => key?.client ?? null),
    keys.map((key) => key?.key ?? null),
  ]);
  const indexes = new Set(used.map(({ index }) => index));
  const seen = new Set<string>();
  for (const [index, key] of keys.entries()) {
    if (key === undefined) continue;
    const name = JSON.stringify([key.client, key.key]);
    if (seen.has(name)) indexes.add(index);
    seen.add(name);
  }
  return [...indexes].sort((a, b) => a - b);
}
