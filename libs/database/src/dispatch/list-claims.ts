import { type Database, statement } from '../connect.ts';

/** A timer that the table assigns to a dispatcher. */
export interface RecordedClaim {
  readonly id: string;
  readonly fencingToken: number;
}

/** Uses idx_timers_claimed_by. */
const LIST = statement(
  'list-claims',
  `SELECT id, claims AS "fencingToken" FROM timers WHERE status = 'executing' AND claimed_by = $1`,
);

/** Lists the timers that the table assigns to this dispatcher. */
export function listClaims(db: Database, dispatcherId: string): Promise<RecordedClaim[]> {
  return db.rows<RecordedClaim>(LIST, [dispatcherId]);
}
