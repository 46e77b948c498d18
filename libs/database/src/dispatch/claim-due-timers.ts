import type { JsonValue, RetryPolicy } from '@timer-platform/callback-types';
import { type Database, statement } from '../connect.ts';

/** What to claim. Instants are milliseconds since 1970 by the database's clock. */
export interface ClaimRequest {
  /** Id of the dispatcher, as it registered. */
  readonly dispatcherId: string;
  /** Claims timers that are due up to this much ahead, in milliseconds. */
  readonly lookAheadMs: number;
  /** Timers at most. */
  readonly limit: number;
  /**
   * Low-water mark: timers due before it are not looked for. Where another session holds a transaction open, every
   * timer claimed so far is still an entry of the index that has to be stepped over; the mark skips them.
   */
  readonly dueFromMs: number;
}

/** A timer that this dispatcher now holds. Not to be started before `dueMs`. */
export interface ClaimedRow {
  readonly id: string;
  /** Fencing token: settling names it, and changes nothing when the timer was claimed again since. */
  readonly fencingToken: number;
  readonly dueMs: number;
  readonly executeAtMs: number;
  readonly expiresAtMs: number | null;
  /** Attempts that count against the retry policy so far. */
  readonly attempts: number;
  readonly retry: RetryPolicy | null;
  /** As stored, without the payload; not parsed by the contract yet. */
  readonly callbackConfig: JsonValue;
  /**
   * The payload as PostgreSQL's JSON text, null where it is absent or JSON null. It goes to the receiver as it is:
   * parsing it would cost time, and digits of large numbers.
   */
  readonly payload: string | null;
}

export interface ClaimResult {
  readonly rows: ClaimedRow[];
  /** The database's clock when it answered. */
  readonly nowMs: number;
  /** Everything due up to this instant was looked at: the begin of the statement, plus the look-ahead. */
  readonly polledUpToMs: number;
  /** When the next timer beyond the look-ahead is due; null: none is stored. Only asked for when fewer than `limit` were claimed. */
  readonly nextDueMs: number | null;
  /** false: this dispatcher is no longer registered; it may start nothing and has to register anew. */
  readonly registered: boolean;
}

/**
 * pending → executing. Uses idx_timers_due, in whose order due timers come; SKIP LOCKED passes over timers that another
 * dispatcher is claiming or a client is changing. now() is the same instant in every part of the statement.
 *
 * A dispatcher that was declared dead and wakes up claims nothing, since its registration is gone. Should the claim and
 * the removal cross, the timers are found as claimed by nobody by the next sweep (recover-lost-claims).
 *
 * The timers are updated by an array of ids: the planner takes it for short and goes by the primary key, where a join
 * with a LIMIT that it does not know could become a scan of the table.
 *
 * synchronous_commit is off for this transaction alone: a claim lost in a crash of the server is simply claimed again.
 */
const CLAIM = statement(
  'claim-due-timers',
  `WITH setting AS MATERIALIZED (
     SELECT set_config('synchronous_commit', 'off', true),
            EXISTS (SELECT FROM dispatchers WHERE id = $1) AS registered
   ), due AS MATERIALIZED (
     SELECT id FROM timers
     WHERE status = 'pending'
       AND COALESCE(next_attempt_at, execute_at) <= now() + $2 * interval '1 millisecond'
       AND COALESCE(next_attempt_at, execute_at) >= to_timestamp($4 / 1000.0)
       AND (SELECT registered FROM setting)
     ORDER BY COALESCE(next_attempt_at, execute_at)
     LIMIT $3
     FOR NO KEY UPDATE SKIP LOCKED
   ), claimed AS (
     UPDATE timers
     SET status = 'executing', claimed_by = $1, claims = claims + 1
     WHERE id = ANY (ARRAY(SELECT id FROM due))
     RETURNING id, claims, attempts - attempts_forgiven AS attempts, retry, callback_config - 'payload' AS config,
       NULLIF((callback_config -> 'payload')::text, 'null') AS payload,
       date_part('epoch', COALESCE(next_attempt_at, execute_at)) * 1000 AS due_ms,
       date_part('epoch', execute_at) * 1000 AS execute_at_ms,
       date_part('epoch', expires_at) * 1000 AS expires_at_ms
   )
   SELECT NULL::uuid AS id, NULL::integer AS claims, NULL::integer AS attempts, NULL::jsonb AS retry, NULL::jsonb AS config,
     NULL::text AS payload, NULL::double precision AS due_ms, NULL::double precision AS execute_at_ms,
     NULL::double precision AS expires_at_ms,
     registered,
     date_part('epoch', clock_timestamp()) * 1000 AS now_ms,
     date_part('epoch', now()) * 1000 + $2 AS polled_up_to_ms,
     CASE WHEN (SELECT count(*) FROM claimed) < $3 THEN (
       SELECT date_part('epoch', COALESCE(next_attempt_at, execute_at)) * 1000 FROM timers
       WHERE status = 'pending' AND COALESCE(next_attempt_at, execute_at) > now() + $2 * interval '1 millisecond'
       ORDER BY COALESCE(next_attempt_at, execute_at) LIMIT 1
     ) END AS next_due_ms
   FROM setting
   UNION ALL
   SELECT id, claims, attempts, retry, config, payload, due_ms, execute_at_ms, expires_at_ms, NULL, NULL, NULL, NULL
   FROM claimed`,
);

/** About the poll itself: the one row without an id. Repeating it in each timer's row would be a third of the answer. */
interface PollRow {
  id: null;
  registered: boolean;
  now_ms: number;
  polled_up_to_ms: number;
  next_due_ms: number | null;
}

interface TimerRow {
  id: string;
  claims: number;
  attempts: number;
  retry: RetryPolicy | null;
  config: JsonValue;
  payload: string | null;
  due_ms: number;
  execute_at_ms: number;
  expires_at_ms: number | null;
}

/** Claims timers that are due soon, in the order in which they are due. */
export async function claimDueTimers(db: Database, request: ClaimRequest): Promise<ClaimResult> {
  const { dispatcherId, lookAheadMs, limit, dueFromMs } = request;
  const returned = await db.rows<PollRow | TimerRow>(CLAIM, [dispatcherId, lookAheadMs, limit, dueFromMs]);
  let poll: PollRow | undefined;
  const rows: ClaimedRow[] = [];
  for (const row of returned) {
    if (row.id === null) poll = row;
    else rows.push(toClaimed(row));
  }
  if (poll === undefined) throw new Error('a claim returned no row about the poll itself');
  // RETURNING promises no order.
  rows.sort((one, other) => one.dueMs - other.dueMs);
  return {
    rows,
    nowMs: poll.now_ms,
    polledUpToMs: poll.polled_up_to_ms,
    nextDueMs: poll.next_due_ms,
    registered: poll.registered,
  };
}

function toClaimed(row: TimerRow): ClaimedRow {
  return {
    id: row.id,
    fencingToken: row.claims,
    dueMs: row.due_ms,
    executeAtMs: row.execute_at_ms,
    expiresAtMs: row.expires_at_ms,
    attempts: row.attempts,
    retry: row.retry,
    callbackConfig: row.config,
    payload: row.payload,
  };
}
