import { type Database, statement } from '../connect.ts';
import { DUE_AT } from '../sql-fragments.ts';
import { IS_PENDING } from '../state-guards.ts';

export interface RescueRules {
  /**
   * Fails a timer after this many lost claims in a row. From the third on it was claimed alone, so that it is the likely
   * reason.
   */
  readonly maxLostClaims: number;
  /** The delay of a timer that is claimed alone, after its first such claim was lost; doubles with each. */
  readonly suspectDelayMs: number;
  /**
   * The first service had no dispatchers. A timer that is executing is rescued when it was not updated for this long, in
   * milliseconds. That service gave up an attempt after 30 s.
   */
  readonly unownedMs: number;
}

export interface RescueResult {
  /** Timers returned to pending. */
  readonly returned: number;
  /** Timers failed because of too many lost claims. */
  readonly failed: number;
}

/**
 * Ends the claims of batches without a dispatcher. A lost claim uses no attempt. Several dispatchers may rescue at once:
 * each batch is deleted by one of them.
 */
const RESCUE = statement(
  'rescue-lost-claims',
  `WITH lost AS (
     DELETE FROM claim_batches
     WHERE id IN (SELECT id FROM claim_batches WHERE dispatcher IS NULL FOR UPDATE SKIP LOCKED)
     RETURNING timer_ids, tokens
   )
   UPDATE timers
   SET claims = claims + 1, lost_claims = lost_claims + 1, updated_at = now(),
       status = CASE WHEN lost_claims + 1 < $1 THEN 'pending' ELSE 'failed' END,
       executed_at = CASE WHEN lost_claims + 1 < $1 THEN NULL ELSE now() END,
       last_error = CASE WHEN lost_claims + 1 < $1 THEN last_error
         ELSE 'given up: ' || lost_claims + 1 || ' dispatchers in a row were lost while they held this timer' END,
       due_since = CASE WHEN lost_claims < 1 THEN due_since ELSE COALESCE(due_since, ${DUE_AT}) END,
       next_attempt_at = CASE WHEN lost_claims < 1 THEN next_attempt_at
         ELSE now() + $2 * 2 ^ (lost_claims - 1) * interval '1 millisecond' END
   FROM lost, unnest(timer_ids, tokens) AS claim (id, token)
   WHERE timers.id = claim.id AND ${IS_PENDING} AND timers.claims = claim.token
   RETURNING timers.status`,
);

/** executing → pending. Uses idx_timers_executing. */
const RESCUE_UNOWNED = statement(
  'rescue-unowned-timers',
  `UPDATE timers SET status = 'pending', claims = claims + 1, updated_at = now()
   WHERE id = ANY (ARRAY(
     SELECT id FROM timers
     WHERE status = 'executing' AND updated_at < now() - $1 * interval '1 millisecond'
     LIMIT 1000
     FOR NO KEY UPDATE SKIP LOCKED))
   RETURNING id`,
);

/** Rescues timers whose dispatcher has lost its lease, and those that the first service left executing. */
export async function rescueLostClaims(db: Database, rules: RescueRules): Promise<RescueResult> {
  const { maxLostClaims, suspectDelayMs, unownedMs } = rules;
  const lost = await db.rows<{ status: 'pending' | 'failed' }>(RESCUE, [maxLostClaims, suspectDelayMs]);
  const unowned = await db.rows(RESCUE_UNOWNED, [unownedMs]);
  const failed = lost.filter((timer) => timer.status === 'failed').length;
  return { returned: lost.length - failed + unowned.length, failed };
}
