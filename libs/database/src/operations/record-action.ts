import type { JsonValue } from '@timer-platform/callback-types';
import { type Database, statement } from '../connect.ts';
import { newTimerId } from '../timers/new-timer-id.ts';

/** What an operator has done. */
export interface NewAction {
  /** The name of the API key. */
  readonly client: string;
  /** A verb and its object in snake case, such as `cancel_timers` or `pause_destination`. */
  readonly action: string;
  /** The timer, schedule or destination; null: the timers that matched the request. */
  readonly target: string | null;
  /** The body of the request, without secrets; null: it had none. */
  readonly request: JsonValue;
  /** How many timers or other things were changed. */
  readonly affected: number;
  /** The action that this one has undone. */
  readonly undoOf?: string | undefined;
}

const RECORD = statement(
  'record-action',
  `INSERT INTO operator_actions (id, client, action, target, request, affected, undo_of)
   VALUES ($1, $2, $3, $4, $5, $6, $7)`,
);

/** Adds an entry to the audit log. Returns its id. */
export async function recordAction(db: Database, action: NewAction): Promise<string> {
  const { client, action: name, target, request, affected, undoOf } = action;
  const id = newTimerId();
  const json = request === null ? null : JSON.stringify(request);
  await db.rows(RECORD, [id, client, name, target, json, affected, undoOf ?? null]);
  return id;
}
