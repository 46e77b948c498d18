import { type Database, statement } from '../connect.ts';

export interface RescueRules {
  /** After this many claims lost in a row the timer is failed: it may be what kills its dispatchers. */
  readonly maxLostClaims: number;
  /**
   * A timer that is executing without a dispatcher was taken by the first timer service, which knew none; untouched for
   * longer than this, in milliseconds, it is returned too. That service gave up an attempt after 30 s.
   */
  readonly unownedMs: number;
}

export interface RescueResult {
  /** Timers returned to pending. */
  readonly returned: number;
  /** Timers failed for having lost too many dispatchers. */
  readonly failed: number;
}

const REMOVE_EXPIRED = statement(
  'remove-dead-dispatchers',
  `DELETE FROM dispatchers WHERE heartbeat_at < clock_timestamp() - $1 * interval '1 millisecond' RETURNING id`,
);

/** executing → pending, or failed. The lost claim uses up no attempt. Uses idx_timers_claimed_by. */
const RESCUE = statement(
  'recover-lost-claims',
  `WITH lost AS (
     SELECT id FROM timers
     WHERE status = 'executing'
       AND CASE WHEN claimed_by IS NULL THEN updated_at < now() - $2 * interval '1 millisecond'
           ELSE NOT EXISTS (SELECT FROM dispatchers WHERE dispatchers.id = claimed_by) END
     FOR NO KEY UPDATE SKIP LOCKED
   )
   UPDATE timers
   SET status = CASE WHEN lost_claims + 1 < $1 THEN 'pending' ELSE 'failed' END,
       executed_at = CASE WHEN lost_claims + 1 < $1 THEN NULL ELSE now() END,
       last_error = CASE WHEN lost_claims + 1 < $1 THEN last_error
         ELSE 'given up: ' || lost_claims + 1 || ' dispatchers in a row were lost while they held this timer' END,
       lost_claims = lost_claims + 1, claimed_by = NULL
   WHERE id = ANY (ARRAY(SELECT id FROM lost))
   RETURNING status`,
);

/** Declares dispatchers dead that were silent for longer than `silenceMs`; answers how many. */
export async function removeExpiredDispatchers(db: Database, silenceMs: number): Promise<number> {
  const dead = await db.rows(REMOVE_EXPIRED, [silenceMs]);
  return dead.length;
}

/**
 * Returns what dispatchers held that are not registered any more. Any number of dispatchers may do so at once.
 * To be run after {@link removeExpiredDispatchers} has committed, so that it sees what the dead had claimed until then.
 */
export async function rescueLostClaims(db: Database, rules: RescueRules): Promise<RescueResult> {
  const timers = await db.rows<{ status: 'pending' | 'failed' }>(RESCUE, [
    rules.maxLostClaims,
    rules.unownedMs,
  ]);
  const failed = timers.filter((timer) => timer.status === 'failed').length;
  return { returned: timers.length - failed, failed };
}
