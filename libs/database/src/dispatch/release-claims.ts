import { type Database, statement } from '../connect.ts';
import { IS_EXECUTING } from '../state-guards.ts';

/** A claim that ends without an attempt. */
export interface ReleasedClaim {
  readonly id: string;
  readonly fencingToken: number;
  /** The new due instant, in milliseconds since 1970. null: unchanged. */
  readonly notBeforeMs: number | null;
}

/** executing → pending without using an attempt. Fenced. */
const RELEASE = statement(
  'release-claims',
  `UPDATE timers
   SET status = 'pending', claimed_by = NULL,
       next_attempt_at = COALESCE(to_timestamp(not_before_ms / 1000.0), next_attempt_at)
   FROM unnest($1::uuid[], $2::integer[], $3::double precision[]) AS released (id, claim, not_before_ms),
        set_config('synchronous_commit', 'off', true)
   WHERE timers.id = released.id AND ${IS_EXECUTING} AND timers.claims = released.claim
   RETURNING timers.id`,
);

/** Releases claims, so that any dispatcher can claim the timers. Returns how many this dispatcher still held. */
export async function releaseClaims(db: Database, claims: readonly ReleasedClaim[]): Promise<number> {
  const rows = await db.rows(RELEASE, [
    claims.map((claim) => claim.id),
    claims.map((claim) => claim.fencingToken),
    claims.map((claim) => claim.notBeforeMs),
  ]);
  return rows.length;
}
