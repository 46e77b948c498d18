import { type Database, statement } from '../connect.ts';

/** A timer that a dispatcher holds, according to the table. */
export interface RecordedClaim {
  readonly id: string;
  readonly fencingToken: number;
}

/** Uses idx_timers_claimed_by. */
const LIST = statement(
  'list-claims',
  `SELECT id, claims AS "fencingToken" FROM timers WHERE status = 'executing' AND claimed_by = $1`,
);

/** What the table says that this dispatcher holds. */
export function listClaims(db: Database, dispatcherId: string): Promise<RecordedClaim[]> {
  return db.rows<RecordedClaim>(LIST, [dispatcherId]);
}
