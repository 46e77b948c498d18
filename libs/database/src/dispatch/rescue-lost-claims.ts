import { type Database, statement } from '../connect.ts';

export interface RescueRules {
  /** Fails a timer after this many lost claims in a row: it may be what crashes its dispatchers. */
  readonly maxLostClaims: number;
  /**
   * The first service had no dispatchers. A timer that is executing without one is rescued when it was not updated for
   * this long, in milliseconds. That service gave up an attempt after 30 s.
   */
  readonly unownedMs: number;
}

export interface RescueResult {
  /** Timers returned to pending. */
  readonly returned: number;
  /** Timers failed because of too many lost claims. */
  readonly failed: number;
}

const REMOVE_EXPIRED = statement(
  'remove-expired-leases',
  `DELETE FROM dispatchers WHERE heartbeat_at < clock_timestamp() - $1 * interval '1 millisecond' RETURNING id`,
);

/** executing → pending or failed. A lost claim uses no attempt. Uses idx_timers_claimed_by. */
const RESCUE = statement(
  'rescue-lost-claims',
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
         ELSE 'given up: ' || lost_claims + 1 || ' dispatchers in a row lost their lease while they held this timer' END,
       lost_claims = lost_claims + 1, claimed_by = NULL
   WHERE id = ANY (ARRAY(SELECT id FROM lost))
   RETURNING status`,
);

/** Removes leases that were not renewed for longer than `leaseMs`. Returns how many. */
export async function removeExpiredLeases(db: Database, leaseMs: number): Promise<number> {
  const expired = await db.rows(REMOVE_EXPIRED, [leaseMs]);
  return expired.length;
}

/**
 * Rescues timers whose dispatcher has no lease any more. Any number of dispatchers may do so at once. Run it after
 * {@link removeExpiredLeases} has committed: it then sees everything that the expired dispatchers claimed.
 */
export async function rescueLostClaims(db: Database, rules: RescueRules): Promise<RescueResult> {
  const timers = await db.rows<{ status: 'pending' | 'failed' }>(RESCUE, [
    rules.maxLostClaims,
    rules.unownedMs,
  ]);
  const failed = timers.filter((timer) => timer.status === 'failed').length;
  return { returned: timers.length - failed, failed };
}
