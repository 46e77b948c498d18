import { type Database, statement } from '../connect.ts';
import { DUE_AT } from '../sql-fragments.ts';
import type { Instant } from './timer-row.ts';

/** A finished attempt. */
export interface AttemptRow {
  readonly number: number;
  readonly due_at: Instant;
  readonly started_at: Instant;
  readonly finished_at: Instant;
  readonly status_code: number | null;
  /** null: the attempt delivered. */
  readonly error: string | null;
}

/** The successful attempt has no row in timer_attempts: it is read from the timer. */
const LIST = statement(
  'list-attempts',
  `SELECT number, due_at, started_at, finished_at, status_code, error
   FROM timer_attempts WHERE timer_id = $1
   UNION ALL
   SELECT attempts, LEAST(COALESCE(due_since, ${DUE_AT}), attempted_at), attempted_at, executed_at, NULL, NULL
   FROM timers WHERE id = $1 AND status = 'completed' AND attempted_at IS NOT NULL
   ORDER BY number`,
);

/** Lists the finished attempts of a timer, oldest first. */
export function listAttempts(db: Database, timerId: string): Promise<AttemptRow[]> {
  return db.rows<AttemptRow>(LIST, [timerId]);
}
