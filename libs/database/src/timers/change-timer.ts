import type { TimerState } from '@timer-platform/callback-types';
import { type Database, statement } from '../connect.ts';
import { IS_FAILED, IS_UNCLAIMED } from '../state-guards.ts';
import { CURRENT_STATUS } from './current-status.ts';
import { RETRY_ASSIGNMENTS } from './retry-assignments.ts';
import { isKeyInUse } from './timer-keys.ts';
import { CHANGED_COLUMNS, type TimerSummaryRow } from './timer-row.ts';

/**
 * The result of a change that only one state allows. `changed` is a guarantee: no attempt that starts afterwards, on any
 * instance, uses the old timer, because claims and changes lock the same row and check each other afterwards.
 */
export type ChangeResult<Row = TimerSummaryRow> =
  | { readonly outcome: 'changed'; readonly timer: Row }
  | { readonly outcome: 'wrong-state'; readonly status: TimerState }
  | { readonly outcome: 'not-found' }
  /** A retry would make a second unfinished timer with the key of this one. */
  | { readonly outcome: 'key-in-use' };

const CANCEL = statement(
  'cancel-timer',
  `UPDATE timers SET status = 'canceled', paused_for = NULL, updated_at = now()
   WHERE id = $1 AND ${IS_UNCLAIMED}
   RETURNING ${CHANGED_COLUMNS}`,
);

const RUN = statement(
  'run-timer',
  `UPDATE timers SET next_attempt_at = clock_timestamp(), due_since = NULL, paused_for = NULL, updated_at = now()
   WHERE id = $1 AND ${IS_UNCLAIMED}
   RETURNING ${CHANGED_COLUMNS}`,
);

const RETRY = statement(
  'retry-timer',
  `UPDATE timers SET ${RETRY_ASSIGNMENTS}
   WHERE id = $1 AND ${IS_FAILED}
   RETURNING ${CHANGED_COLUMNS}`,
);

const STATUS = statement('find-timer-status', `SELECT ${CURRENT_STATUS} AS status FROM timers WHERE id = $1`);

/** pending → canceled. */
export function cancelTimer(db: Database, id: string): Promise<ChangeResult> {
  return changeFrom('pending', db, id, () => db.rows<TimerSummaryRow>(CANCEL, [id]));
}

/** pending, due later → pending, due now. */
export function runTimer(db: Database, id: string): Promise<ChangeResult> {
  return changeFrom('pending', db, id, () => db.rows<TimerSummaryRow>(RUN, [id]));
}

/** failed → pending, due now, with all attempts of its retry policy available again. */
export async function retryTimer(db: Database, id: string): Promise<ChangeResult> {
  try {
    return await changeFrom('failed', db, id, () => db.rows<TimerSummaryRow>(RETRY, [id]));
  } catch (error) {
    if (isKeyInUse(error)) return { outcome: 'key-in-use' };
    throw error;
  }
}

/** How often {@link changeFrom} tries a change. */
const MAX_TRIES = 3;

/**
 * Runs a change that requires the state `allowed`. If it changes no row, reads the state to find out why. A dispatcher may
 * release the timer between the two statements: if the state is now the allowed one, the change is retried.
 */
export async function changeFrom<Row>(
  allowed: TimerState,
  db: Database,
  id: string,
  transition: () => Promise<readonly Row[]>,
): Promise<ChangeResult<Row>> {
  for (let tries = 1; ; tries += 1) {
    const [timer] = await transition();
    if (timer !== undefined) return { outcome: 'changed', timer };
    const [row] = await db.rows<{ status: TimerState }>(STATUS, [id]);
    if (row === undefined) return { outcome: 'not-found' };
    if (row.status !== allowed || tries === MAX_TRIES) return { outcome: 'wrong-state', status: row.status };
  }
}
