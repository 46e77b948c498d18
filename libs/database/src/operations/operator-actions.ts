import type { JsonValue } from '@timer-platform/callback-types';
import { type Database, statement } from '../connect.ts';

/** For so long a bulk change can be undone: its timers are kept as they were. */
export const UNDO_HOURS = 24;

/** An entry of the audit log. */
export interface OperatorActionRow {
  readonly id: string;
  readonly at: Date;
  readonly client: string;
  readonly action: string;
  readonly target: string | null;
  readonly request: JsonValue;
  readonly affected: number;
  readonly undo_of: string | null;
  readonly undone_at: Date | null;
  readonly undoable: boolean;
}

/** Actions whose timers can be as they were before. What has run cannot be called back. */
const IS_UNDOABLE = `action IN ('cancel_timers', 'reschedule_timers')
  AND at > now() - interval '${UNDO_HOURS} hours'
  AND EXISTS (SELECT FROM operator_action_timers AS kept WHERE kept.action_id = operator_actions.id)`;

const COLUMNS = `id, at, client, action, target, request, affected::double precision AS affected, undo_of, undone_at,
  ${IS_UNDOABLE} AS undoable`;

const FIND = statement('find-action', `SELECT ${COLUMNS} FROM operator_actions WHERE id = $1`);

const LIST = statement(
  'list-actions',
  `SELECT ${COLUMNS}, trunc(extract(epoch FROM at) * 1000000)::text AS micros FROM operator_actions
   WHERE $1::bigint IS NULL
     OR (at, id) < (timestamptz '1970-01-01Z' + $1::bigint * interval '1 microsecond', $2::uuid)
   ORDER BY at DESC, id DESC LIMIT $3`,
);

/** The position of an entry in the list. */
export interface ActionPosition {
  /** Microseconds since 1970. */
  readonly micros: string;
  readonly id: string;
}

/** Finds the entry with this id. */
export async function findAction(db: Database, id: string): Promise<OperatorActionRow | undefined> {
  const [row] = await db.rows<OperatorActionRow>(FIND, [id]);
  return row;
}

/** Lists entries, newest first, and the position of the last one if there are more. */
export async function listActions(
  db: Database,
  limit: number,
  after?: ActionPosition,
): Promise<{ readonly actions: OperatorActionRow[]; readonly next: ActionPosition | undefined }> {
  const rows = await db.rows<OperatorActionRow & { micros: string }>(LIST, [
    after?.micros ?? null,
    after?.id ?? null,
    limit + 1,
  ]);
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return { actions: rows.slice(0, limit), next: last && { micros: last.micros, id: last.id } };
}
