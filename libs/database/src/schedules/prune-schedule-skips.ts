import { type Database, statement } from '../connect.ts';

const PRUNE = statement(
  'prune-schedule-skips',
  `WITH old AS MATERIALIZED (
     SELECT schedule_id, scheduled_for FROM schedule_skips
     WHERE at < now() - $1::double precision * interval '1 millisecond'
     ORDER BY at LIMIT $2
   )
   DELETE FROM schedule_skips USING old
   WHERE schedule_skips.schedule_id = old.schedule_id AND schedule_skips.scheduled_for = old.scheduled_for
     AND at < now() - $1::double precision * interval '1 millisecond'
   RETURNING 1`,
);

/** Deletes records of skips whose last occurrence was skipped longer ago than `olderThanMs`, at most `limit`. */
export async function pruneScheduleSkips(
  db: Database,
  { olderThanMs, limit }: { readonly olderThanMs: number; readonly limit: number },
): Promise<{ readonly deleted: number; readonly next: string | undefined }> {
  const { length } = await db.rows(PRUNE, [olderThanMs, limit]);
  return { deleted: length, next: length === limit ? 'more' : undefined };
}
