import { type Database, statement } from '../connect.ts';
import { epochMs } from '../sql-fragments.ts';

/** What one dispatcher did in one minute. */
export interface DispatchMinute {
  /** Start of the minute, in milliseconds since 1970. */
  readonly minuteMs: number;
  readonly delivered: number;
  readonly retried: number;
  readonly failed: number;
  readonly deferred: number;
  /** A histogram: see lateness-histogram.ts. */
  readonly lateness: readonly number[];
}

const LIST = statement(
  'list-dispatch-minutes',
  `SELECT ${epochMs('minute')} AS "minuteMs", delivered::double precision, retried::double precision,
     failed::double precision, deferred::double precision, lateness
   FROM dispatch_minutes
   WHERE minute > date_trunc('minute', now()) - $1::integer * interval '1 minute'
   ORDER BY minute`,
);

/** Returns the last minutes of every dispatcher, with the current one. */
export async function listDispatchMinutes(db: Database, minutes: number): Promise<DispatchMinute[]> {
  return db.rows<DispatchMinute & { minuteMs: number }>(LIST, [minutes]);
}
