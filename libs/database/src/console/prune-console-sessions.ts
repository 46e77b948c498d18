import { type Database, statement } from '../connect.ts';

const PRUNE = statement(
  'prune-console-sessions',
  `DELETE FROM console_sessions WHERE token_sha256 IN (
     SELECT token_sha256 FROM console_sessions WHERE expires_at < now() ORDER BY expires_at LIMIT $1
   )
   RETURNING 1`,
);

/**
 * Deletes at most `limit` sessions of the console that have expired. Several instances may do so at once. `next` is set if
 * there may be more.
 */
export async function pruneConsoleSessions(
  db: Database,
  { limit }: { readonly limit: number },
): Promise<{ deleted: number; next: string | undefined }> {
  const { length } = await db.rows(PRUNE, [limit]);
  return { deleted: length, next: length === limit ? 'more' : undefined };
}
