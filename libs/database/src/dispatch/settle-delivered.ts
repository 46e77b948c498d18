import { arrayLiteral } from '../array-literal.ts';
import { type Database, statement } from '../connect.ts';
import { NOT_DURABLE } from '../sql-fragments.ts';
import { FENCE } from './fence.ts';

/** A successful attempt. Instants are milliseconds since 1970 by the database's clock. */
export interface DeliveredAttempt {
  readonly id: string;
  readonly batchId: string;
  readonly fencingToken: number;
  readonly startedMs: number;
  readonly finishedMs: number;
}

/**
 * pending and claimed → completed. Committed asynchronously: if a crash of the server loses a settle, the delivery is
 * repeated under the same id.
 *
 * Arrays are unnested in the select list: in FROM, each is copied into a table of its own before the first row is read.
 */
export const SETTLE_DELIVERED = statement(
  'settle-delivered',
  `UPDATE timers
   SET status = 'completed', claims = claims + 1, attempts = attempts + 1, lost_claims = 0, last_error = NULL,
       attempted_at = to_timestamp(started_ms / 1000.0), executed_at = to_timestamp(finished_ms / 1000.0),
       updated_at = now()
   FROM (SELECT unnest($2::uuid[]) AS id, unnest($3::bigint[]) AS batch_id, unnest($4::integer[]) AS token,
           unnest($5::double precision[]) AS started_ms, unnest($6::double precision[]) AS finished_ms) AS ended,
        (SELECT ${NOT_DURABLE}) AS setting
   WHERE ${FENCE}`,
);

/** Settles a batch. Returns how many were settled; this dispatcher no longer held the others. */
export async function settleDelivered(
  db: Database,
  dispatcherId: string,
  attempts: readonly DeliveredAttempt[],
): Promise<number> {
  return db.count(SETTLE_DELIVERED, [
    dispatcherId,
    arrayLiteral(attempts.map((attempt) => attempt.id)),
    arrayLiteral(attempts.map((attempt) => attempt.batchId)),
    arrayLiteral(attempts.map((attempt) => attempt.fencingToken)),
    arrayLiteral(attempts.map((attempt) => attempt.startedMs)),
    arrayLiteral(attempts.map((attempt) => attempt.finishedMs)),
  ]);
}
