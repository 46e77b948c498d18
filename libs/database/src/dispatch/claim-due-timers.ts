import type { JsonValue } from '@timer-platform/callback-types';
import { type Database, type Statement, statement } from '../connect.ts';
import { isForeignKeyViolation } from '../postgres-error.ts';
import { DUE_AT, DURABLE, epochMs } from '../sql-fragments.ts';

/** Timers to claim, by their due instants: milliseconds since 1970 by the database's clock, infinities included. */
export interface ClaimRange {
  readonly fromMs: number;
  /** Never beyond the look-ahead, whatever this says. */
  readonly toMs: number;
  /** Maximum number of timers; 0: claims none. */
  readonly limit: number;
}

/** The two ranges may overlap: a timer of both is claimed as a recent one. */
export interface ClaimRequest {
  /** Id of the dispatcher, which must hold a lease. */
  readonly dispatcherId: string;
  /** Claims timers that are due up to this far in the future, in milliseconds. */
  readonly lookAheadMs: number;
  readonly recent: ClaimRange;
  readonly backlog: ClaimRange;
  /** Maximum bytes of callbacks in each range. One timer is claimed whatever its size. */
  readonly maxBytes: number;
}

/** A timer that this dispatcher has claimed. Its attempt must not start before `dueMs`. */
export interface ClaimedRow {
  readonly id: string;
  /** The batch that holds the claim. */
  readonly batchId: string;
  /** Settling passes it, and has no effect if the claim has ended. */
  readonly fencingToken: number;
  readonly range: 'recent' | 'backlog' | 'suspect';
  readonly dueMs: number;
  /** When a timer that was released with a delay was first due; null: at `dueMs`. */
  readonly dueSinceMs: number | null;
  readonly expiresAtMs: number | null;
  /** Attempts so far that count against the retry policy. */
  readonly attempts: number;
  /** Number of the attempt that the claim is for, from 1, as in timer_attempts: a retry by a client does not reset it. */
  readonly attemptNumber: number;
  /** As stored. Not validated: rows can be written by SQL. */
  readonly retry: JsonValue;
  /** When attempts last began to count: at execute_at, or with a retry by a client. null: at `dueMs`. */
  readonly retryFromMs: number | null;
  /** Grows when the timer is changed after a claim. */
  readonly revision: number;
  /** Bytes of the callback as PostgreSQL prints it. */
  readonly bytes: number;
  /** JSON text of the stored callback without the payload. Not validated; many timers have the same text. */
  readonly callbackConfig: string;
  /**
   * The payload as PostgreSQL prints it, null if it is absent or JSON null. It is sent to the receiver unchanged: parsing
   * would take time and lose digits of large numbers.
   */
  readonly payload: string | null;
}

/** What a claim found in one of its ranges. */
export interface RangeResult {
  /** Whether timers may be left in the range: the limit or the bytes ended the claim. */
  readonly more: boolean;
  /** Due instant up to which the range was claimed; null: there was nothing. */
  readonly reachedMs: number | null;
}

export interface ClaimResult {
  /** In the order in which they are due, then in that of their ids. */
  readonly rows: ClaimedRow[];
  readonly recent: RangeResult;
  readonly backlog: RangeResult;
  /** The database's clock at the end of the statement. */
  readonly nowMs: number;
  /** The start of the statement plus the look-ahead: no later timer was claimed. */
  readonly polledUpToMs: number;
  /** When the next timer beyond the look-ahead is due; null: there is none, or more are left in the recent range. */
  readonly nextDueMs: number | null;
  /** Whether timers that have lost two claims in a row are due: {@link claimDueSuspects} claims them. */
  readonly suspects: boolean;
}

const HORIZON = `now() + $2 * interval '1 millisecond'`;
const instant = (parameter: string): string => `to_timestamp(${parameter} / 1000.0)`;

const LEASE = `lease AS MATERIALIZED (SELECT id, ${DURABLE} FROM dispatchers WHERE id = $1)`;

/** SQL of the bounds of one range. */
interface RangeBounds {
  readonly from: string;
  readonly to: string;
  readonly limit: string;
  readonly condition: string;
  readonly maxBytes: string;
}

/**
 * Claims the timers of one range, in steps that have its name:
 *
 * 1. `recent`: timers that nobody has claimed, locked, with the bytes of all up to each. Uses idx_timers_due and its
 *    order. SKIP LOCKED skips timers that another dispatcher is claiming or a client is changing. NOT IN becomes a
 *    hashed lookup, and keeps the order; arrays unnested in FROM would be copied first. Only this step holds
 *    callbacks, because every step that holds rows copies them. They cannot be read again by id: a timer that was
 *    changed before its lock was granted is newer than the snapshot.
 * 2. `recent_found`: what the planner of polls learns.
 * 3. `recent_earlier`: claims that committed after this statement began, and before a lock was granted. The lock alone does
 *    not exclude a second claim, and they are not in the snapshot. A function whose snapshot is newer than the locks finds
 *    them; it leaves out the batches of this snapshot, which the first step has read.
 * 4. `recent_batch`: the batch.
 *
 * The columns that steps 2 to 4 read come first: PostgreSQL takes rows apart from their start.
 */
function rangeSteps(range: ClaimedRow['range'], { from, to, limit, condition, maxBytes }: RangeBounds) {
  const fits = `(bytes_so_far <= ${maxBytes} OR bytes_so_far = bytes)`;
  const isClaimed = `${fits} AND (id, claims) NOT IN (SELECT id, token FROM ${range}_earlier)`;
  const steps = `${range} AS MATERIALIZED (
     SELECT id, claims, due_at, bytes, sum(bytes) OVER (ROWS UNBOUNDED PRECEDING) AS bytes_so_far, due_since, execute_at,
       expires_at, retry_from, attempts, attempt_number, revision, retry, callback_config
     FROM (
       SELECT id, claims, ${DUE_AT} AS due_at, due_since, execute_at, expires_at, retry_from,
         attempts - attempts_forgiven AS attempts, attempts + 1 AS attempt_number, revision, retry, callback_config,
         COALESCE(callback_bytes, octet_length(callback_config::text)) AS bytes
       FROM timers
       WHERE status = 'pending' AND ${condition}
         AND ${DUE_AT} >= ${from} AND ${DUE_AT} <= ${to}
         AND EXISTS (SELECT FROM lease)
         AND (id, claims) NOT IN (
           SELECT unnest(timer_ids), unnest(tokens) FROM claim_batches
           WHERE due_to >= ${from} AND due_from <= ${to})
       ORDER BY ${DUE_AT}
       LIMIT ${limit}
       FOR NO KEY UPDATE SKIP LOCKED
     ) AS candidates
   ), ${range}_found AS MATERIALIZED (
     SELECT count(*) >= ${limit} OR bool_or(NOT ${fits}) IS TRUE AS more, max(due_at) FILTER (WHERE ${fits}) AS reached,
       min(due_at) AS due_from, max(due_at) AS due_to
     FROM ${range}
   ), ${range}_earlier AS MATERIALIZED (
     SELECT claim.id, claim.token
     FROM ${range}_found AS found, newly_claimed_timers(found.due_from, found.due_to, ARRAY(
       SELECT id FROM claim_batches AS known WHERE known.due_to >= found.due_from AND known.due_from <= found.due_to
     )) AS claim
     WHERE found.due_from IS NOT NULL
   ), ${range}_batch AS (
     INSERT INTO claim_batches (dispatcher, due_from, due_to, timer_ids, tokens)
     SELECT $1, min(due_at), max(due_at), array_agg(id), array_agg(claims) FROM ${range} WHERE ${isClaimed}
     HAVING count(*) > 0
     RETURNING id
   )`;
  // The names are those of ClaimedRow: under load, copies of the rows would be a part of all garbage.
  const rows = `SELECT id, (SELECT id FROM ${range}_batch) AS "batchId", claims AS "fencingToken", '${range}' AS range,
     ${epochMs('due_at')} AS "dueMs", ${epochMs('NULLIF(due_since, due_at)')} AS "dueSinceMs",
     ${epochMs('expires_at')} AS "expiresAtMs", attempts, attempt_number AS "attemptNumber", retry,
     ${epochMs('NULLIF(COALESCE(retry_from, execute_at), due_at)')} AS "retryFromMs", revision, bytes,
     (callback_config - 'payload')::text AS "callbackConfig",
     NULLIF((callback_config -> 'payload')::text, 'null') AS payload, NULL AS poll
   FROM ${range} WHERE ${isClaimed}`;
  return { steps, rows };
}

const RECENT = rangeSteps('recent', {
  from: instant('$3'),
  to: `LEAST(${instant('$4')}, ${HORIZON})`,
  limit: '$5',
  condition: 'lost_claims < 2',
  maxBytes: '$9',
});
const BACKLOG = rangeSteps('backlog', {
  from: instant('$6'),
  to: `LEAST(${instant('$7')}, ${HORIZON})`,
  limit: '$8',
  condition: `lost_claims < 2 AND NOT ($5 > 0 AND ${DUE_AT} BETWEEN ${instant('$3')} AND ${instant('$4')})`,
  maxBytes: '$9',
});

/**
 * Claims in two ranges at once, so that neither waits for the other. now() is the same instant in all parts of the
 * statement. Committed durably: a client that is told that a timer cannot be changed any more, and one that is told that
 * it was canceled, both rely on it. The foreign key of the batch excludes a dispatcher whose lease was removed.
 */
const CLAIM = statement(
  'claim-due-timers',
  `WITH ${LEASE}, ${RECENT.steps}, ${BACKLOG.steps}
   SELECT NULL::uuid AS id, NULL::bigint AS "batchId", NULL::integer AS "fencingToken", NULL::text AS range,
     NULL::double precision AS "dueMs", NULL::double precision AS "dueSinceMs",
     NULL::double precision AS "expiresAtMs", NULL::integer AS attempts, NULL::integer AS "attemptNumber", NULL::jsonb AS retry,
     NULL::double precision AS "retryFromMs", NULL::integer AS revision, NULL::integer AS bytes,
     NULL::text AS "callbackConfig", NULL::text AS payload,
     json_build_object(
       'holds_lease', EXISTS (SELECT FROM lease),
       'now_ms', ${epochMs('clock_timestamp()')},
       'polled_up_to_ms', ${epochMs(HORIZON)},
       'recent_more', $5 > 0 AND recent_found.more,
       'recent_reached_ms', (${epochMs('recent_found.reached')})::text,
       'backlog_more', $8 > 0 AND backlog_found.more,
       'backlog_reached_ms', (${epochMs('backlog_found.reached')})::text,
       'next_due_ms', CASE WHEN $5 > 0 AND NOT recent_found.more THEN (
         SELECT ${epochMs(DUE_AT)} FROM timers WHERE status = 'pending' AND ${DUE_AT} > ${HORIZON}
         ORDER BY ${DUE_AT} LIMIT 1
       ) END::text,
       'suspects', EXISTS (SELECT FROM timers WHERE status = 'pending' AND lost_claims > 1 AND ${DUE_AT} <= now())
     ) AS poll
   FROM recent_found, backlog_found
   UNION ALL ${RECENT.rows}
   UNION ALL ${BACKLOG.rows}`,
);

function claimSuspects(name: string, condition: string, limit: number): Statement {
  const suspects = rangeSteps('suspect', {
    from: `'-infinity'`,
    to: HORIZON,
    limit: String(limit),
    condition,
    maxBytes: '$3',
  });
  return statement(name, `WITH ${LEASE}, ${suspects.steps} ${suspects.rows}`);
}

/** A crash suspects everything that was under way. To try each timer alone at once would make the innocent ones late. */
const CLAIM_FEW_SUSPECTS = claimSuspects('claim-few-suspects', 'lost_claims = 2', 8);
const CLAIM_ONE_SUSPECT = claimSuspects('claim-one-suspect', 'lost_claims > 2', 1);

/** A column of its own for each of these would be a third of every row of the result. */
interface Poll {
  holds_lease: boolean;
  now_ms: number;
  polled_up_to_ms: number;
  recent_more: boolean;
  /** As text, like the others that can be infinite: JSON has no infinity. */
  recent_reached_ms: string | null;
  backlog_more: boolean;
  backlog_reached_ms: string | null;
  next_due_ms: string | null;
  suspects: boolean;
}

/** One row of the result describes the poll, each of the others is a timer. */
type ResultRow = { id: null; poll: Poll } | (ClaimedRow & { poll: null });

function parseMs(text: string | null): number | null {
  return text === null ? null : Number(text);
}

/** Claims timers that are due soon. undefined: the lease of this dispatcher was removed. */
export async function claimDueTimers(db: Database, request: ClaimRequest): Promise<ClaimResult | undefined> {
  const { dispatcherId, lookAheadMs, recent, backlog, maxBytes } = request;
  const returned = await unlessLeaseIsLost<ResultRow>(db, CLAIM, [
    dispatcherId,
    lookAheadMs,
    recent.fromMs,
    recent.toMs,
    recent.limit,
    backlog.fromMs,
    backlog.toMs,
    backlog.limit,
    maxBytes,
  ]);
  let poll: Poll | undefined;
  const rows: ClaimedRow[] = [];
  for (const row of returned) {
    if (row.id === null) poll = row.poll;
    else rows.push(row);
  }
  if (poll?.holds_lease !== true) return undefined;
  // UNION ALL guarantees no order. Ids of timers that are due together tell which was created first.
  rows.sort((one, other) => one.dueMs - other.dueMs || (one.id < other.id ? -1 : 1));
  return {
    rows,
    recent: { more: poll.recent_more, reachedMs: parseMs(poll.recent_reached_ms) },
    backlog: { more: poll.backlog_more, reachedMs: parseMs(poll.backlog_reached_ms) },
    nowMs: poll.now_ms,
    polledUpToMs: poll.polled_up_to_ms,
    nextDueMs: parseMs(poll.next_due_ms),
    suspects: poll.suspects,
  };
}

/**
 * Claims a few due timers that have lost two claims in a row, or one that has lost more, alone: if its dispatcher is lost
 * again, no other timer is suspected with it. To be called again when their attempts have ended. Returns none if none is
 * due, or the lease was removed.
 */
export async function claimDueSuspects(db: Database, dispatcherId: string): Promise<ClaimedRow[]> {
  const values = [dispatcherId, 0, Number.MAX_SAFE_INTEGER];
  const few = await unlessLeaseIsLost<ClaimedRow>(db, CLAIM_FEW_SUSPECTS, values);
  return few.length > 0 ? few : unlessLeaseIsLost<ClaimedRow>(db, CLAIM_ONE_SUSPECT, values);
}

/** No rows if the lease was removed while the statement ran. */
async function unlessLeaseIsLost<Row extends object>(
  db: Database,
  claim: Statement,
  values: readonly unknown[],
): Promise<Row[]> {
  try {
    return await db.rows<Row>(claim, values);
  } catch (error) {
    if (isForeignKeyViolation(error, 'claim_batches_dispatcher_fkey')) return [];
    throw error;
  }
}
