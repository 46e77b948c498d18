import { arrayLiteral } from '../array-literal.ts';
import { type Database, statement } from '../connect.ts';
import { DUE_AT, NOT_DURABLE } from '../sql-fragments.ts';
import { FENCE } from './fence.ts';

/** A claim that ends without an attempt. */
export interface ReleasedClaim {
  readonly id: string;
  readonly batchId: string;
  readonly fencingToken: number;
  /** The new due instant, in milliseconds since 1970; null: unchanged. */
  readonly notBeforeMs: number | null;
  /** Stored as last_error; null: unchanged. */
  readonly reason: string | null;
  /** The destination that is paused: the timer is parked until {@link returnParkedTimers}; null: it is not. */
  readonly pausedFor: string | null;
}

/** A released timer keeps the instant since which it has been due. */
const RELEASE = statement(
  'release-claims',
  `UPDATE timers
   SET claims = claims + 1, updated_at = now(), last_error = COALESCE(reason, last_error),
       due_since = CASE WHEN not_before_ms = 'NaN' AND destination IS NULL THEN due_since ELSE COALESCE(due_since, ${DUE_AT}) END,
       next_attempt_at = CASE WHEN destination IS NOT NULL THEN 'infinity' WHEN not_before_ms = 'NaN' THEN next_attempt_at
         ELSE to_timestamp(not_before_ms / 1000.0) END,
       paused_for = destination
   FROM unnest($2::uuid[], $3::bigint[], $4::integer[], $5::double precision[], $6::text[], $7::text[])
          AS ended (id, batch_id, token, not_before_ms, reason, destination),
        (SELECT ${NOT_DURABLE}) AS setting
   WHERE ${FENCE}`,
);

/** Releases claims, so that any dispatcher can claim the timers. Returns how many this dispatcher still held. */
export async function releaseClaims(
  db: Database,
  dispatcherId: string,
  claims: readonly ReleasedClaim[],
): Promise<number> {
  return db.count(RELEASE, [
    dispatcherId,
    arrayLiteral(claims.map((claim) => claim.id)),
    arrayLiteral(claims.map((claim) => claim.batchId)),
    arrayLiteral(claims.map((claim) => claim.fencingToken)),
    arrayLiteral(claims.map((claim) => claim.notBeforeMs ?? Number.NaN)),
    claims.map((claim) => claim.reason),
    claims.map((claim) => claim.pausedFor),
  ]);
}
