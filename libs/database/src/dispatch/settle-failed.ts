import { arrayLiteral } from '../array-literal.ts';
import { type Database, statement } from '../connect.ts';
import { NOT_DURABLE } from '../sql-fragments.ts';
import { FENCE } from './fence.ts';

/** The end of a claim without a delivery. Instants are milliseconds since 1970 by the database's clock. */
export interface FailedAttempt {
  readonly id: string;
  readonly batchId: string;
  readonly fencingToken: number;
  readonly error: string;
  /** When to retry. null: the timer fails. */
  readonly nextAttemptMs: number | null;
  readonly dueMs: number;
  /** null: nothing was sent, so this counts as no attempt. */
  readonly startedMs: number | null;
  readonly finishedMs: number;
  /** Status of the HTTP response, if there was one. */
  readonly statusCode: number | null;
}

/** pending and claimed → pending (for a retry) or failed. Stores the attempt in timer_attempts. */
const SETTLE = statement(
  'settle-failed',
  `WITH settled AS (
     UPDATE timers
     SET status = CASE WHEN next_attempt_ms IS NULL THEN 'failed' ELSE 'pending' END,
         claims = claims + 1,
         attempts = attempts + CASE WHEN started_ms IS NULL THEN 0 ELSE 1 END,
         lost_claims = 0,
         last_error = ended.error,
         attempted_at = COALESCE(to_timestamp(started_ms / 1000.0), attempted_at),
         next_attempt_at = COALESCE(to_timestamp(next_attempt_ms / 1000.0), next_attempt_at),
         due_since = CASE WHEN next_attempt_ms IS NULL THEN due_since END,
         paused_for = NULL,
         executed_at = CASE WHEN next_attempt_ms IS NULL THEN to_timestamp(finished_ms / 1000.0) END,
         updated_at = now()
     FROM json_to_recordset($2::json) AS ended (
            id uuid, batch_id bigint, token integer, error text, next_attempt_ms double precision,
            due_ms double precision, started_ms double precision, finished_ms double precision, status_code integer),
          (SELECT ${NOT_DURABLE}) AS setting
     WHERE ${FENCE}
     RETURNING timers.id, timers.attempts, ended.due_ms, ended.started_ms, ended.finished_ms, ended.status_code, ended.error
   ), history AS (
     INSERT INTO timer_attempts (timer_id, number, due_at, started_at, finished_at, status_code, error)
     SELECT id, attempts, to_timestamp(due_ms / 1000.0), to_timestamp(started_ms / 1000.0),
            to_timestamp(finished_ms / 1000.0), status_code, error
     FROM settled WHERE started_ms IS NOT NULL
     ON CONFLICT DO NOTHING
   )
   SELECT FROM settled`,
);

/** Settles a batch. Returns how many were settled; this dispatcher no longer held the others. */
export async function settleFailed(
  db: Database,
  dispatcherId: string,
  attempts: readonly FailedAttempt[],
): Promise<number> {
  const ended = attempts.map((attempt) => ({
    id: attempt.id,
    batch_id: attempt.batchId,
    token: attempt.fencingToken,
    // PostgreSQL cannot store U+0000, and the text may come from a receiver.
    error: attempt.error.replaceAll('\u0000', '\ufffd').toWellFormed(),
    next_attempt_ms: attempt.nextAttemptMs,
    due_ms: attempt.dueMs,
    started_ms: attempt.startedMs,
    finished_ms: attempt.finishedMs,
    status_code: attempt.statusCode,
  }));
  return db.count(SETTLE, [
    dispatcherId,
    JSON.stringify(ended),
    arrayLiteral(attempts.map((attempt) => attempt.batchId)),
  ]);
}
