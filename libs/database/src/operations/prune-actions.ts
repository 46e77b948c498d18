import { type Database, statement } from '../connect.ts';
import { UNDO_HOURS } from './operator-actions.ts';

/** Timers that are kept for an undo which comes too late. */
const PRUNE_TIMERS = statement(
  'prune-action-timers',
  `WITH old AS MATERIALIZED (
     SELECT kept.action_id, kept.timer_id FROM operator_actions
     JOIN operator_action_timers AS kept ON kept.action_id = operator_actions.id
     WHERE at < now() - interval '${UNDO_HOURS} hours'
     LIMIT $1
   )
   DELETE FROM operator_action_timers AS kept USING old
   WHERE kept.action_id = old.action_id AND kept.timer_id = old.timer_id
   RETURNING 1`,
);

/** Without their timers, which the statement above has deleted long before: a cascade would delete any number. */
const PRUNE_ACTIONS = statement(
  'prune-actions',
  `WITH old AS MATERIALIZED (
     SELECT id FROM operator_actions
     WHERE at < now() - $1::double precision * interval '1 millisecond'
       AND NOT EXISTS (SELECT FROM operator_action_timers AS kept WHERE kept.action_id = operator_actions.id)
     ORDER BY at LIMIT $2
   )
   DELETE FROM operator_actions USING old WHERE operator_actions.id = old.id
   RETURNING 1`,
);

/**
 * Deletes what is kept for undoing actions older than {@link UNDO_HOURS}, then entries of the audit log that are older than
 * `olderThanMs`; at most `limit` of each.
 */
export async function pruneActions(
  db: Database,
  { olderThanMs, limit }: { readonly olderThanMs: number; readonly limit: number },
): Promise<{ readonly deleted: number; readonly next: string | undefined }> {
  const timers = await db.rows(PRUNE_TIMERS, [limit]);
  const actions = await db.rows(PRUNE_ACTIONS, [olderThanMs, limit]);
  const more = timers.length === limit || actions.length === limit;
  return { deleted: timers.length + actions.length, next: more ? 'more' : undefined };
}
