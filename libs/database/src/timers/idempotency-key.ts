import { type Database, statement } from '../connect.ts';

/** Identifies a repeated request. */
export interface IdempotencyKey {
  /** Identifies the API key. Clients have separate idempotency keys. */
  readonly client: string;
  readonly key: string;
  /** SHA-256 of the request. */
  readonly requestHash: Buffer;
}

/** The key was used before, for `timerIds`. `sameRequest`: whether by the same request. */
export interface Repeated {
  readonly outcome: 'repeated';
  readonly timerIds: readonly string[];
  readonly sameRequest: boolean;
}

const FIND_KEY = statement(
  'find-idempotency-key',
  'SELECT request_hash, timer_ids FROM idempotency_keys WHERE client = $1 AND key = $2',
);

/** What the first request with this key stored; undefined if there was none. */
export async function findRepeated(
  db: Database,
  { client, key, requestHash }: IdempotencyKey,
): Promise<Repeated | undefined> {
  const [found] = await db.rows<{ request_hash: Buffer; timer_ids: string[] }>(FIND_KEY, [client, key]);
  if (found === undefined) return undefined;
  return {
    outcome: 'repeated',
    timerIds: found.timer_ids,
    sameRequest: found.request_hash.equals(requestHash),
  };
}
