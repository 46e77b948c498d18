import type { JsonValue, RetryPolicy } from '@timer-platform/callback-types';
import { type Database, statement } from '../connect.ts';

/** What to claim. Instants are milliseconds since 1970 by the database's clock. */
export interface ClaimRequest {
  /** Id of the dispatcher, which must hold a lease. */
  readonly dispatcherId: string;
  /** Claims timers that are due up to this far in the future, in milliseconds. */
  readonly lookAheadMs: number;
  /** Maximum number of timers. */
  readonly limit: number;
  /**
   * Low-water mark: skips timers that are due earlier. While another session holds a transaction open, timers that were
   * claimed before still have entries in the index, and each poll would scan all of them.
   */
  readonly dueFromMs: number;
}

/** A timer that this dispatcher now holds. Its attempt must not start before `dueMs`. */
export interface ClaimedRow {
  readonly id: string;
  /** Settling passes it, and has no effect if the timer was claimed again in between. */
  readonly fencingToken: number;
  readonly dueMs: number;
  readonly executeAtMs: number;
  readonly expiresAtMs: number | null;
  /** Attempts so far that count against the retry policy. */
  readonly attempts: number;
  readonly retry: RetryPolicy | null;
  /** As stored, without the payload. Not validated. */
  readonly callbackConfig: JsonValue;
  /**
   * The payload as PostgreSQL prints it, null if it is absent or JSON null. It is sent to the receiver unchanged: parsing
   * would take time and lose digits of large numbers.
   */
  readonly payload: string | null;
}

export interface ClaimResult {
  readonly rows: ClaimedRow[];
  /** The database's clock at the end of the statement. */
  readonly nowMs: number;
  /** Timers due up to this instant were polled: the start of the statement plus the look-ahead. */
  readonly polledUpToMs: number;
  /** When the next timer after the look-ahead is due. null: there is none, or `limit` timers were claimed. */
  readonly nextDueMs: number | null;
  /** false: this dispatcher's lease has expired. It must not start attempts and must acquire a new lease. */
  readonly holdsLease: boolean;
}

/**
 * pending → executing. Uses idx_timers_due and its order. SKIP LOCKED skips timers that another dispatcher is claiming or
 * a client is changing. now() is the same instant in all parts of the statement.
 *
 * A dispatcher whose lease has expired claims nothing. If the claim and the removal of the lease overlap, the next rescue
 * finds the timers, because their dispatcher has no lease (rescue-lost-claims).
 *
 * The update finds the timers by an array of ids. The planner assumes that an array is short and uses the primary key,
 * whereas a join with a LIMIT whose value it does not know could become a scan of the table.
 *
 * synchronous_commit is off for this transaction only: a claim that is lost in a crash of the server is made again.
 */
const CLAIM = statement(
  'claim-due-timers',
  `WITH setting AS MATERIALIZED (
     SELECT set_config('synchronous_commit', 'off', true),
            EXISTS (SELECT FROM dispatchers WHERE id = $1) AS holds_lease
   ), due AS MATERIALIZED (
     SELECT id FROM timers
     WHERE status = 'pending'
       AND COALESCE(next_attempt_at, execute_at) <= now() + $2 * interval '1 millisecond'
       AND COALESCE(next_attempt_at, execute_at) >= to_timestamp($4 / 1000.0)
       AND (SELECT holds_lease FROM setting)
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
     holds_lease,
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

/** The only row without an id describes the poll itself. In each timer's row, these columns would be a third of the result. */
interface PollRow {
  id: null;
  holds_lease: boolean;
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

/** Claims timers that are due soon. Returns them in the order in which they are due. */
export async function claimDueTimers(db: Database, request: ClaimRequest): Promise<ClaimResult> {
  const { dispatcherId, lookAheadMs, limit, dueFromMs } = request;
  const returned = await db.rows<PollRow | TimerRow>(CLAIM, [dispatcherId, lookAheadMs, limit, dueFromMs]);
  let poll: PollRow | undefined;
  const rows: ClaimedRow[] = [];
  for (const row of returned) {
    if (row.id === null) poll = row;
    else rows.push(toClaimedRow(row));
  }
  if (poll === undefined) throw new Error('the claim returned no row about the poll');
  // RETURNING guarantees no order.
  rows.sort((one, other) => one.dueMs - other.dueMs);
  return {
    rows,
    nowMs: poll.now_ms,
    polledUpToMs: poll.polled_up_to_ms,
    nextDueMs: poll.next_due_ms,
    holdsLease: poll.holds_lease,
  };
}

function toClaimedRow(row: TimerRow): ClaimedRow {
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
