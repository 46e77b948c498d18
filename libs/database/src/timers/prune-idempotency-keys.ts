import { type Database, statement } from '../connect.ts';

const PRUNE = statement(
  'prune-idempotency-keys',
  `DELETE FROM idempotency_keys WHERE (client, key) IN (
     SELECT client, key FROM idempotency_keys
     WHERE created_at < clock_timestamp() - $1::double precision * interval '1 millisecond'
     LIMIT $2
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
  const { length } = await db.rows(PRUNE, [olderThanMs, limit]);
  return { deleted: length, next: length === limit ? 'more' : undefined };
}
