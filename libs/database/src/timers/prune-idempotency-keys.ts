import { type Database, statement } from '../connect.ts';

/** now() bounds the scan of the index; clock_timestamp(), which is volatile, would read all keys. */
export const PRUNE_IDEMPOTENCY_KEYS = statement(
  'prune-idempotency-keys',
  `DELETE FROM idempotency_keys WHERE (client, key) IN (
     SELECT client, key FROM idempotency_keys
     WHERE created_at < now() - $1::double precision * interval '1 millisecond'
     ORDER BY created_at LIMIT $2
     FOR UPDATE SKIP LOCKED
   )
   RETURNING 1`,
);

/**
 * Deletes at most `limit` idempotency keys that are older than `olderThanMs`. Several instances may do so at once.
 * `next` is set if there may be more.
 */
export async function pruneIdempotencyKeys(
  db: Database,
  { olderThanMs, limit }: { readonly olderThanMs: number; readonly limit: number },
): Promise<{ deleted: number; next: string | undefined }> {
  const { length } = await db.rows(PRUNE_IDEMPOTENCY_KEYS, [olderThanMs, limit]);
  return { deleted: length, next: length === limit ? 'more' : undefined };
}
