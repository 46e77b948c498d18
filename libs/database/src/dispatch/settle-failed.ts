import { type Database, statement } from '../connect.ts';
import { IS_EXECUTING } from '../state-guards.ts';

/** The end of a claim without a delivery. Instants are milliseconds since 1970 by the database's clock. */
export interface FailedAttempt {
  readonly id: string;
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

/** executing → pending (for a retry) or failed. Fenced. Stores the attempt in timer_attempts. */
const SETTLE = statement(
  'settle-failed',
  `WITH settled AS (
     UPDATE timers
     SET status = CASE WHEN next_attempt_ms IS NULL THEN 'failed' ELSE 'pending' END,
         claimed_by = NULL,
         attempts = attempts + CASE WHEN started_ms IS NULL THEN 0 ELSE 1 END,
         lost_claims = 0,
         last_error = ended.error,
         attempted_at = COALESCE(to_timestamp(started_ms / 1000.0), attempted_at),
         next_attempt_at = COALESCE(to_timestamp(next_attempt_ms / 1000.0), next_attempt_at),
         executed_at = CASE WHEN next_attempt_ms IS NULL THEN to_timestamp(finished_ms / 1000.0) END
     FROM json_to_recordset($1::json) AS ended (
            id uuid, claim integer, error text, next_attempt_ms double precision, due_ms double precision,
            started_ms double precision, finished_ms double precision, status_code integer),
          set_config('synchronous_commit', 'off', true)
     WHERE timers.id = ended.id AND ${IS_EXECUTING} AND timers.claims = ended.claim
     RETURNING timers.id, timers.attempts, ended.due_ms, ended.started_ms, ended.finished_ms, ended.status_code, ended.error
   ), history AS (
     INSERT INTO timer_attempts (timer_id, number, due_at, started_at, finished_at, status_code, error)
     SELECT id, attempts, to_timestamp(due_ms / 1000.0), to_timestamp(started_ms / 1000.0),
            to_timestamp(finished_ms / 1000.0), status_code, error
     FROM settled WHERE started_ms IS NOT NULL
     ON CONFLICT DO NOTHING
   )
   SELECT id FROM settled`,
);

/** Settles a batch. Returns the ids that were settled; this dispatcher no longer held the others. */
export async function settleFailed(db: Database, attempts: readonly FailedAttempt[]): Promise<Set<string>> {
  const ended = attempts.map((attempt) => ({
    id: attempt.id,
    claim: attempt.fencingToken,
    // PostgreSQL cannot store U+0000, and the text may come from a receiver.
    error: attempt.error.replaceAll('\u0000', '\ufffd').toWellFormed(),
    next_attempt_ms: attempt.nextAttemptMs,
    due_ms: attempt.dueMs,
    started_ms: attempt.startedMs,
    finished_ms: attempt.finishedMs,
    status_code: attempt.statusCode,
  }));
  const rows = await db.rows<{ id: string }>(SETTLE, [JSON.stringify(ended)]);
  return new Set(rows.map((row) => row.id));
}
