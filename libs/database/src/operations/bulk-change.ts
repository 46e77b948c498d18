import type { JsonValue } from '@timer-platform/callback-types';
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../connect.ts';
import { isDeadlock } from '../postgres-error.ts';
import { DUE_AT, DURABLE } from '../sql-fragments.ts';
import { IS_FAILED, IS_UNCLAIMED } from '../state-guards.ts';
import type { ListPosition } from '../timers/list-position.ts';
import { RETRY_ASSIGNMENTS } from '../timers/retry-assignments.ts';
import { planSearch, type SearchPlan } from '../timers/search-plan.ts';
import { type SearchBudget, searchTimers } from '../timers/search-timers.ts';
import { allOf, type Condition, type TimerFilter } from '../timers/timer-conditions.ts';
import { isKeyInUse } from '../timers/timer-keys.ts';

/** Where to move timers. The instant is later by a part of `spreadMs` for each. */
export interface NewDueInstant {
  /** RFC 3339. */
  readonly executeAt?: string | undefined;
  /** Milliseconds from now, instead of `executeAt`. */
  readonly delayMs?: number | undefined;
  /** Milliseconds from when each is due, possibly negative, instead of `executeAt`; never before now. */
  readonly shiftMs?: number | undefined;
  readonly spreadMs?: number | undefined;
}

/** The change of a bulk request. */
export type BulkChange =
  | { readonly action: 'cancel_timers' | 'run_timers' | 'retry_timers' }
  | { readonly action: 'reschedule_timers'; readonly to: NewDueInstant };

/** The entry of the audit log that a bulk change makes, or continues. */
export interface BulkAction {
  readonly id: string;
  /** The name of the API key. */
  readonly client: string;
  readonly request: JsonValue;
}

export interface BulkRequest {
  readonly filter: TimerFilter;
  readonly change: BulkChange;
  readonly action: BulkAction;
  /** How many timers to change. */
  readonly limit: number;
  /** Continues after this position. */
  readonly after?: ListPosition | undefined;
  readonly budget: SearchBudget;
}

export interface BulkProgress {
  readonly matched: number;
  readonly changed: number;
  /** Where to continue; undefined: no more timers match. */
  readonly reached: ListPosition | undefined;
}

/** How often a batch is tried. */
const MAX_TRIES = 5;
/** Timers of one statement, which is one transaction: it holds locks for a fraction of a second. */
const BATCH = 1_000;

const shownDueAt = sql.raw<Date>(`COALESCE(due_since, ${DUE_AT})`);

/** The next of a sequence that is evenly spread over [0, 1), however many there are: multiples of the golden ratio. */
const GOLDEN_RATIO = 0.618_033_988_749_894_8;

const milliseconds = (value: RawBuilder<number>): RawBuilder<string> =>
  sql`${value}::double precision * interval '1 millisecond'`;

/** The instant of the n-th timer of the action, rounded up to a whole millisecond. */
function newInstant({ executeAt, delayMs, shiftMs, spreadMs = 0 }: NewDueInstant): RawBuilder<Date> {
  const base =
    executeAt !== undefined
      ? sql`${executeAt}::timestamptz`
      : delayMs !== undefined
        ? sql`now() + ${milliseconds(sql`${delayMs}`)}`
        : sql`GREATEST(due_at + ${milliseconds(sql`${shiftMs ?? 0}`)}, now())`;
  const part = sql<number>`${spreadMs} * (place * ${GOLDEN_RATIO}::numeric % 1)`;
  return sql`date_trunc('milliseconds', ${base} + ${milliseconds(part)} + interval '999 microseconds')`;
}

/** Timers that would not be valid with their new instant are left alone. */
const CAN_MOVE = sql<boolean>`isfinite(due_at) AND new_instant > old_created_at
  AND new_instant < timestamptz '10000-01-01Z' AND (old_expires_at IS NULL OR old_expires_at > new_instant)`;

/** A new revision for the same reason as in update-timer.ts. */
const MOVE = sql`execute_at = new_instant, next_attempt_at = NULL, due_since = NULL, paused_for = NULL,
  revision = revision + CASE WHEN claims > 0 THEN 1 ELSE 0 END, updated_at = now()`;

interface ChangeKind {
  readonly sort: 'created_at' | 'execute_at';
  readonly from: 'pending' | 'failed';
  readonly assignments: RawBuilder<unknown>;
  readonly guard: string;
  /** Checked with the row locked, and not to be counted as a match without. */
  readonly condition: Condition;
}

/** A parked timer is due when it was due: the pause is over for it. */
const CANCEL = sql`status = 'canceled', paused_for = NULL, updated_at = now()`;
const RUN = sql`next_attempt_at = clock_timestamp(), due_since = NULL, paused_for = NULL, updated_at = now()`;

/** Of several failed timers with one key, only the newest is retried. */
const KEY_IS_FREE = sql<boolean>`(key IS NULL OR NOT EXISTS (
  SELECT FROM timers AS other
  WHERE other.client = timers.client AND other.key = timers.key AND (
    other.status = 'pending'
    OR (other.status = 'failed' AND (other.created_at, other.id) > (timers.created_at, timers.id)))))`;

const PENDING = {
  sort: 'execute_at',
  from: 'pending',
  guard: IS_UNCLAIMED,
  condition: sql<boolean>`true`,
} as const;

function kindOf(change: BulkChange): ChangeKind {
  switch (change.action) {
    case 'cancel_timers':
      return { ...PENDING, assignments: CANCEL };
    case 'run_timers':
      return { ...PENDING, assignments: RUN };
    case 'reschedule_timers':
      return { ...PENDING, assignments: MOVE };
    case 'retry_timers':
      return {
        sort: 'created_at',
        from: 'failed',
        assignments: sql.raw(RETRY_ASSIGNMENTS),
        guard: IS_FAILED,
        condition: KEY_IS_FREE,
      };
  }
}

/** Timers that the action has changed before: they may have moved in the order of the search. */
function isNew({ id }: BulkAction): Condition {
  return sql`NOT EXISTS (SELECT FROM operator_action_timers AS earlier
    WHERE earlier.action_id = ${id} AND earlier.timer_id = timers.id)`;
}

/**
 * Changes those of the timers that still match, in one transaction with their entry in the audit log. Returns how many.
 *
 * Claimed timers are not locked, and locked ones are skipped: the statement waits for no row, so that it takes part in no
 * deadlock. The guard checks the claims again under the lock, as for a change of a single timer.
 */
async function changeBatch(
  db: Database,
  { change, action }: BulkRequest,
  plan: SearchPlan,
  ids: readonly string[],
): Promise<number> {
  const { from, assignments, guard } = kindOf(change);
  const to = change.action === 'reschedule_timers' ? change.to : undefined;
  const keepsTimers = change.action !== 'retry_timers';
  const query = sql<{ changed: number }>`
    WITH durable AS MATERIALIZED (SELECT ${sql.raw(DURABLE)}),
    chosen AS MATERIALIZED (
      SELECT id, created_at AS old_created_at, revision AS old_revision, execute_at AS old_execute_at,
        next_attempt_at AS old_next_attempt_at, due_since AS old_due_since, expires_at AS old_expires_at,
        ${shownDueAt} AS due_at
      FROM timers
      WHERE id = ANY (${ids}::uuid[]) AND status || '' = ${from} AND EXISTS (SELECT FROM durable)
        AND (id, claims) NOT IN (
          SELECT claim.id, claim.token FROM claim_batches, unnest(timer_ids, tokens) AS claim (id, token))
        AND ${plan.condition}
      ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
    ), placed AS (
      SELECT chosen.*, ordinal + COALESCE((SELECT affected FROM operator_actions WHERE id = ${action.id}), 0) AS place
      FROM chosen JOIN unnest(${ids}::uuid[]) WITH ORDINALITY AS requested (id, ordinal) USING (id)
    ), target AS MATERIALIZED (
      SELECT id AS target_id, old_created_at, old_revision, old_execute_at, old_next_attempt_at, old_due_since,
        old_expires_at, due_at, ${to === undefined ? sql`due_at` : newInstant(to)} AS new_instant
      FROM placed
    ), changed AS (
      UPDATE timers SET ${assignments} FROM target
      WHERE timers.id = target_id AND ${to === undefined ? sql`true` : CAN_MOVE} AND ${sql.raw(guard)}
      RETURNING timers.id AS target_id
    ), counted AS MATERIALIZED (
      SELECT count(*) AS changed FROM changed
    ), recorded AS (
      INSERT INTO operator_actions (id, client, action, request, affected)
      SELECT ${action.id}::uuid, ${action.client}, ${change.action}, ${JSON.stringify(action.request)}::jsonb, changed
      FROM counted WHERE changed > 0
      ON CONFLICT (id) DO UPDATE SET affected = operator_actions.affected + excluded.affected
    ), kept AS (
      INSERT INTO operator_action_timers
        (action_id, timer_id, revision, execute_at, next_attempt_at, due_since, changed_at)
      SELECT ${action.id}::uuid, target_id, old_revision, old_execute_at, old_next_attempt_at, old_due_since, now()
      FROM target JOIN changed USING (target_id) WHERE ${keepsTimers}::boolean
    )
    SELECT changed::integer FROM counted`;
  for (let tries = 1; ; tries += 1) {
    try {
      const { rows } = await query.execute(db.kysely);
      return rows[0]?.changed ?? 0;
    } catch (error) {
      // Another timer was stored with the key of one that is retried.
      if (!(isKeyInUse(error) || isDeadlock(error)) || tries === MAX_TRIES) throw error;
    }
  }
}

/** The plan of a bulk change. Claimed timers are found as well: they are pending in the table, and are skipped. */
async function planChange(
  db: Database,
  { filter, change, action }: Omit<BulkRequest, 'limit'>,
): Promise<SearchPlan> {
  const { sort, from, condition } = kindOf(change);
  const plan = await planSearch(db, { ...filter, status: from }, sort, 'stored');
  if (plan === undefined) throw new Error('timers that can be changed are sorted by an index');
  return { ...plan, condition: allOf([plan.condition, condition, isNew(action)]) };
}

/**
 * Changes the timers that match, the first due or, for a retry, the oldest first, until the limit is reached or the budget
 * spent. `changed` is a guarantee: no attempt of these timers that starts afterwards, on any instance, uses their old state.
 */
export async function changeTimers(db: Database, request: BulkRequest): Promise<BulkProgress> {
  const { limit, budget } = request;
  const start = budget.monotonicMs();
  const plan = await planChange(db, request);
  let matched = 0;
  let changed = 0;
  let position = request.after;
  for (;;) {
    const left = budget.ms - (budget.monotonicMs() - start);
    const wanted = Math.min(BATCH, limit - changed);
    const { found, reached } = await searchTimers(db, {
      ...{ plan, order: 'asc', wanted, after: position },
      budget: { ...budget, ms: left },
    });
    const ids = found.map(({ id }) => id);
    matched += ids.length;
    if (ids.length > 0) changed += await changeBatch(db, request, plan, ids);
    position = reached;
    if (position === undefined || changed >= limit) return { matched, changed, reached: position };
    if (budget.monotonicMs() - start >= budget.ms) return { matched, changed, reached: position };
  }
}

/** Counts the timers that match, up to the limit, within the budget. */
export async function countChangeable(
  db: Database,
  request: BulkRequest,
): Promise<{ readonly matched: number; readonly more: boolean }> {
  const plan = await planChange(db, request);
  const { limit, budget, after } = request;
  const { found, reached } = await searchTimers(db, { plan, order: 'asc', wanted: limit, after, budget });
  return { matched: found.length, more: reached !== undefined };
}
