import { arrayLiteral } from '../array-literal.ts';
import { type Database, statement } from '../connect.ts';
import { IS_EXECUTING } from '../state-guards.ts';

/** A successful attempt. Instants are milliseconds since 1970 by the database's clock. */
export interface DeliveredAttempt {
  readonly id: string;
  readonly fencingToken: number;
  readonly startedMs: number;
  readonly finishedMs: number;
}

/**
 * executing → completed. Fenced: does not change a timer that was claimed again or is no longer executing.
 * Committed asynchronously: if a crash of the server loses a settle, the delivery is repeated under the same id.
 */
export const SETTLE_DELIVERED = statement(
  'settle-delivered',
  `UPDATE timers
   SET status = 'completed', claimed_by = NULL, attempts = attempts + 1, lost_claims = 0, last_error = NULL,
       attempted_at = to_timestamp(started_ms / 1000.0), executed_at = to_timestamp(finished_ms / 1000.0)
   FROM unnest($1::uuid[], $2::integer[], $3::double precision[], $4::double precision[])
          AS settled (id, claim, started_ms, finished_ms),
        set_config('synchronous_commit', 'off', true)
   WHERE timers.id = settled.id AND ${IS_EXECUTING} AND timers.claims = settled.claim
   RETURNING timers.id`,
);

/** Settles a batch. Returns the ids that were settled; this dispatcher no longer held the others. */
export async function settleDelivered(
  db: Database,
  attempts: readonly DeliveredAttempt[],
): Promise<Set<string>> {
  const rows = await db.rows<{ id: string }>(SETTLE_DELIVERED, [
    arrayLiteral(attempts.map((attempt) => attempt.id)),
    arrayLiteral(attempts.map((attempt) => attempt.fencingToken)),
    arrayLiteral(attempts.map((attempt) => attempt.startedMs)),
    arrayLiteral(attempts.map((attempt) => attempt.finishedMs)),
  ]);
  return new Set(rows.map((row) => row.id));
}
