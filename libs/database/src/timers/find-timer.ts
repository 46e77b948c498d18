import { type Database, statement } from '../connect.ts';
import { SUMMARY_COLUMNS, TIMER_COLUMNS, type TimerRow, type TimerSummaryRow } from './timer-row.ts';

const FIND = statement('find-timer', `SELECT ${TIMER_COLUMNS} FROM timers WHERE id = $1`);

const FIND_MANY = statement(
  'find-timers',
  `SELECT ${SUMMARY_COLUMNS}
   FROM unnest($1::uuid[]) WITH ORDINALITY AS requested (id, ordinal) JOIN timers USING (id)
   ORDER BY ordinal`,
);

/** Finds the timer with this id. */
export async function findTimer(db: Database, id: string): Promise<TimerRow | undefined> {
  const [row] = await db.rows<TimerRow>(FIND, [id]);
  return row;
}

/** Finds the timers with these ids, in this order. Skips ids that do not exist. */
export function findTimers(db: Database, ids: readonly string[]): Promise<TimerSummaryRow[]> {
  return db.rows<TimerSummaryRow>(FIND_MANY, [ids]);
}
