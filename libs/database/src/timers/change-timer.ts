import type { TimerState } from '@timer-platform/callback-types';
import { type Database, statement } from '../connect.ts';
import { IS_FAILED, IS_PENDING } from '../state-guards.ts';
import { RETRY_ASSIGNMENTS } from './retry-assignments.ts';
import { SUMMARY_COLUMNS, type TimerSummaryRow } from './timer-row.ts';

/**
 * What became of a change that only one state allows. `changed` is a promise: no attempt that starts afterwards, on any
 * instance, sees the timer as it was, because claiming it needs the same row in the same state.
 */
export type ChangeResult =
  | { readonly outcome: 'changed'; readonly timer: TimerSummaryRow }
  | { readonly outcome: 'wrong-state'; readonly status: TimerState }
  | { readonly outcome: 'not-found' };

const CANCEL = statement(
  'cancel-timer',
  `UPDATE timers SET status = 'canceled'
   WHERE id = $1 AND ${IS_PENDING}
   RETURNING ${SUMMARY_COLUMNS}`,
);

const RUN = statement(
  'run-timer',
  `UPDATE timers SET next_attempt_at = clock_timestamp()
   WHERE id = $1 AND ${IS_PENDING}
   RETURNING ${SUMMARY_COLUMNS}`,
);

const RETRY = statement(
  'retry-timer',
  `UPDATE timers SET ${RETRY_ASSIGNMENTS}
   WHERE id = $1 AND ${IS_FAILED}
   RETURNING ${SUMMARY_COLUMNS}`,
);

const STATUS = statement('find-timer-status', 'SELECT status FROM timers WHERE id = $1');

/** pending → canceled. */
export function cancelTimer(db: Database, id: string): Promise<ChangeResult> {
  return changeFrom('pending', db, id, () => db.rows<TimerSummaryRow>(CANCEL, [id]));
}

/** pending, due later → pending, due now. */
export function runTimer(db: Database, id: string): Promise<ChangeResult> {
  return changeFrom('pending', db, id, () => db.rows<TimerSummaryRow>(RUN, [id]));
}

/** failed → pending, due now, with all the attempts of its policy before it. */
export function retryTimer(db: Database, id: string): Promise<ChangeResult> {
  return changeFrom('failed', db, id, () => db.rows<TimerSummaryRow>(RETRY, [id]));
}

/** How often a change is tried on a timer that leaves the allowed state and is back in it when its state is asked for. */
const TRIES = 3;

/**
 * Runs a change that is guarded by `status = allowed` and tells why, when it met no row. Between the two statements a
 * dispatcher may have handed the timer back: then the change is tried again instead of answering what is not so.
 */
export async function changeFrom(
  allowed: TimerState,
  db: Database,
  id: string,
  transition: () => Promise<readonly TimerSummaryRow[]>,
): Promise<ChangeResult> {
  for (let tried = 1; ; tried += 1) {
    const [timer] = await transition();
    if (timer !== undefined) return { outcome: 'changed', timer };
    const [row] = await db.rows<{ status: TimerState }>(STATUS, [id]);
    if (row === undefined) return { outcome: 'not-found' };
    if (row.status !== allowed || tried === TRIES) return { outcome: 'wrong-state', status: row.status };
  }
}
