import { sql } from 'kysely';
import type { Database } from '../connect.ts';
import { isDeadlock } from '../postgres-error.ts';
import { DURABLE } from '../sql-fragments.ts';
import { IS_UNCLAIMED } from '../state-guards.ts';
import { newTimerId } from '../timers/new-timer-id.ts';
import type { SearchBudget } from '../timers/search-timers.ts';
import { isKeyInUse } from '../timers/timer-keys.ts';
import { findAction, type OperatorActionRow } from './operator-actions.ts';

export type UndoResult =
  | {
      readonly outcome: 'undone';
      /** The undo in the audit log. */
      readonly id: string;
      readonly restored: number;
      readonly skipped: number;
      /** Whether timers are left: the budget was spent. */
      readonly more: boolean;
    }
  | { readonly outcome: 'not-found' }
  | { readonly outcome: 'already-undone' }
  | { readonly outcome: 'not-undoable'; readonly action: string };

/** Timers of one transaction. */
const BATCH = 1_000;
const MAX_TRIES = 5;

/** A timer that waited for a paused destination is due now: it waits again if the destination is still paused. */
const NEXT_ATTEMPT_AT = `CASE WHEN target.next_attempt_at = 'infinity' AND target.due_since IS NOT NULL
  THEN clock_timestamp() ELSE target.next_attempt_at END`;

const RESTORED = `next_attempt_at = ${NEXT_ATTEMPT_AT}, due_since = target.due_since, updated_at = now()`;

const IS_UNCHANGED = 'timers.updated_at = target.changed_at';

/** The key of a canceled timer may have been given to another. */
const RESTORE_CANCELED = `UPDATE timers SET status = 'pending', ${RESTORED} FROM target
  WHERE timers.id = target.timer_id AND timers.status || '' = 'canceled' AND ${IS_UNCHANGED}
    AND (key IS NULL OR NOT EXISTS (
      SELECT FROM timers AS other
      WHERE other.client = timers.client AND other.key = timers.key AND other.status = 'pending'))`;

const RESTORE_RESCHEDULED = `UPDATE timers SET execute_at = target.execute_at, ${RESTORED},
    revision = timers.revision + CASE WHEN claims > 0 THEN 1 ELSE 0 END
  FROM target WHERE timers.id = target.timer_id AND ${IS_UNCHANGED} AND ${IS_UNCLAIMED}`;

/**
 * Takes timers of the action and restores those that nobody has changed since, in one transaction. Takers of one action wait for
 * each other at its row, and take each timer once.
 */
async function undoBatch(
  db: Database,
  { id, action }: OperatorActionRow,
  undo: { readonly id: string; readonly client: string },
): Promise<{ readonly taken: number; readonly restored: number; readonly undoId: string | null }> {
  const restore = action === 'cancel_timers' ? RESTORE_CANCELED : RESTORE_RESCHEDULED;
  const query = sql<{ taken: number; restored: number; undoId: string | null }>`
    WITH marked AS MATERIALIZED (
      UPDATE operator_actions SET undone_at = COALESCE(undone_at, now())
      WHERE id = ${id} RETURNING id, ${sql.raw(DURABLE)}
    ), taken AS MATERIALIZED (
      DELETE FROM operator_action_timers
      WHERE action_id = (SELECT id FROM marked) AND timer_id IN (
        SELECT timer_id FROM operator_action_timers WHERE action_id = ${id} ORDER BY timer_id LIMIT ${BATCH})
      RETURNING timer_id, execute_at, next_attempt_at, due_since, changed_at
    ), target AS MATERIALIZED (
      SELECT taken.* FROM taken JOIN timers ON timers.id = timer_id
      ORDER BY timer_id FOR NO KEY UPDATE OF timers SKIP LOCKED
    ), restored AS (
      ${sql.raw(restore)} RETURNING timers.id
    ), counted AS MATERIALIZED (
      SELECT (SELECT count(*) FROM taken)::integer AS taken, (SELECT count(*) FROM restored)::integer AS restored
    ), recorded AS (
      INSERT INTO operator_actions (id, client, action, affected, undo_of)
      SELECT ${undo.id}::uuid, ${undo.client}, 'undo', restored, ${id}::uuid FROM counted WHERE taken > 0
      ON CONFLICT (id) DO UPDATE SET affected = operator_actions.affected + excluded.affected
      RETURNING id
    )
    SELECT taken, restored, (SELECT id FROM recorded) AS "undoId" FROM counted`;
  for (let tries = 1; ; tries += 1) {
    try {
      const { rows } = await query.execute(db.kysely);
      return rows[0] ?? { taken: 0, restored: 0, undoId: null };
    } catch (error) {
      // Another timer was stored with the key of one that is restored.
      if (!(isKeyInUse(error) || isDeadlock(error)) || tries === MAX_TRIES) throw error;
    }
  }
}

/**
 * Undoes a bulk cancellation or reschedule: canceled timers are pending again, and rescheduled ones due when they were. Leaves
 * alone what was changed since, what a dispatcher has claimed, and what has no key left. Whatever happens at once, each timer
 * is restored by one undo at most.
 */
export async function undoAction(
  db: Database,
  id: string,
  client: string,
  budget: SearchBudget,
): Promise<UndoResult> {
  const action = await findAction(db, id);
  if (action === undefined) return { outcome: 'not-found' };
  const { undone_at: undoneAt } = action;
  if (!action.undoable)
    return undoneAt === null
      ? { outcome: 'not-undoable', action: action.action }
      : { outcome: 'already-undone' };
  const start = budget.monotonicMs();
  const undo = { id: newTimerId(), client };
  let restored = 0;
  let skipped = 0;
  for (;;) {
    const batch = await undoBatch(db, action, undo);
    restored += batch.restored;
    skipped += batch.taken - batch.restored;
    const done = batch.taken < BATCH;
    if (done && restored + skipped === 0) return { outcome: 'already-undone' };
    if (done || budget.monotonicMs() - start >= budget.ms)
      return { outcome: 'undone', id: undo.id, restored, skipped, more: !done };
  }
}
