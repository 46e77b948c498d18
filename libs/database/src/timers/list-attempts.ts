import { type Database, statement } from '../connect.ts';

/** An attempt that has ended. */
export interface AttemptRow {
  readonly number: number;
  readonly due_at: Date;
  readonly started_at: Date;
  readonly finished_at: Date;
  readonly status_code: number | null;
  /** null: it delivered. */
  readonly error: string | null;
}

/** The attempt that delivered is told by the timer itself: success writes no row of its own. */
const LIST = statement(
  'list-attempts',
  `SELECT number, due_at, started_at, finished_at, status_code, error
   FROM timer_attempts WHERE timer_id = $1
   UNION ALL
   SELECT attempts, LEAST(COALESCE(next_attempt_at, execute_at), attempted_at), attempted_at, executed_at, NULL, NULL
   FROM timers WHERE id = $1 AND status = 'completed' AND attempted_at IS NOT NULL
   ORDER BY number`,
);

/** Every attempt of a timer that has ended, the first one first. */
export function listAttempts(db: Database, timerId: string): Promise<AttemptRow[]> {
  return db.rows<AttemptRow>(LIST, [timerId]);
}
