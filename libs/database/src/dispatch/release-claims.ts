import { type Database, statement } from '../connect.ts';
import { IS_EXECUTING } from '../state-guards.ts';

/** A claim that ends without an attempt. */
export interface UnstartedClaim {
  readonly id: string;
  readonly fencingToken: number;
  /** When the timer is due instead, in milliseconds since 1970; null: as before. */
  readonly notBeforeMs: number | null;
}

/** executing → pending without using an attempt; fenced. */
const RELEASE = statement(
  'hand-back-claims',
  `UPDATE timers
   SET status = 'pending', claimed_by = NULL,
       next_attempt_at = COALESCE(to_timestamp(not_before_ms / 1000.0), next_attempt_at)
   FROM unnest($1::uuid[], $2::integer[], $3::double precision[]) AS unstarted (id, claim, not_before_ms),
        set_config('synchronous_commit', 'off', true)
   WHERE timers.id = unstarted.id AND ${IS_EXECUTING} AND timers.claims = unstarted.claim
   RETURNING timers.id`,
);

/** Hands claims back, for any dispatcher to take; answers how many were still this dispatcher's. */
export async function releaseClaims(db: Database, claims: readonly UnstartedClaim[]): Promise<number> {
  const rows = await db.rows(RELEASE, [
    claims.map((claim) => claim.id),
    claims.map((claim) => claim.fencingToken),
    claims.map((claim) => claim.notBeforeMs),
  ]);
  return rows.length;
}
