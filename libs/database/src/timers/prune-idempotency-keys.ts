import { type Database, statement } from '../connect.ts';

/** Keys deleted by one statement, so that none of them runs long. */
const CHUNK = 5_000;

const PRUNE = statement(
  'forget-idempotency-keys',
  `DELETE FROM idempotency_keys WHERE (client, key) IN (
     SELECT client, key FROM idempotency_keys
     WHERE created_at < clock_timestamp() - $1::double precision * interval '1 millisecond'
     LIMIT $2
     FOR UPDATE SKIP LOCKED
   )
   RETURNING 1`,
);

/** Deletes the keys of requests that are older than this. Several instances may do it at once. Returns how many went. */
export async function pruneIdempotencyKeys(db: Database, olderThanMs: number): Promise<number> {
  for (let forgotten = 0; ;) {
    const { length } = await db.rows(PRUNE, [olderThanMs, CHUNK]);
    forgotten += length;
    if (length < CHUNK) return forgotten;
  }
}
