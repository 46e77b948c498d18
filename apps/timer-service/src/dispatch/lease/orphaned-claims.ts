import type { RecordedClaim } from '@timer-platform/database';

/** A regular check runs every so many heartbeats. */
const REGULAR_CHECK_HEARTBEATS = 15;
/** The number of checks after a database error, one at each heartbeat. */
const CHECKS_AFTER_ERROR = 3;

/**
 * Finds timers that the table assigns to this dispatcher but the dispatcher does not have. There are two causes: the
 * result of a claim was lost with its connection, or the server crashed and lost a settle that was committed
 * asynchronously. No other dispatcher rescues them, because the lease of this one is valid.
 *
 * A claim is orphaned if two consecutive checks find it unknown: at the first one the result of the claim may still be
 * on its way, or the check may have begun before the settle.
 */
export class OrphanedClaims {
  /** Fencing tokens of unsettled claims, by timer id. */
  readonly #known = new Map<string, number>();
  #pendingChecks = 0;
  #heartbeats = 0;
  #suspects = new Map<string, number>();

  claimed(claims: readonly RecordedClaim[]): void {
    for (const { id, fencingToken } of claims) this.#known.set(id, fencingToken);
  }

  settled(claims: readonly RecordedClaim[]): void {
    for (const { id, fencingToken } of claims)
      if (this.#known.get(id) === fencingToken) this.#known.delete(id);
  }

  /** A statement failed: claims or settles may have been lost. */
  databaseFailed(): void {
    this.#pendingChecks = CHECKS_AFTER_ERROR;
  }

  /** To be called at every heartbeat; returns whether a check is due. */
  isDue(): boolean {
    this.#heartbeats += 1;
    if (this.#heartbeats % REGULAR_CHECK_HEARTBEATS === 0)
      this.#pendingChecks = Math.max(this.#pendingChecks, 2);
    if (this.#pendingChecks === 0) return false;
    this.#pendingChecks -= 1;
    return true;
  }

  /** @returns the orphaned ones of the claims in the table */
  check(recorded: readonly RecordedClaim[]): RecordedClaim[] {
    const unknown = recorded.filter(({ id, fencingToken }) => this.#known.get(id) !== fencingToken);
    const orphaned = unknown.filter(({ id, fencingToken }) => this.#suspects.get(id) === fencingToken);
    this.#suspects = new Map(unknown.map(({ id, fencingToken }) => [id, fencingToken]));
    if (unknown.length > orphaned.length) this.#pendingChecks = Math.max(this.#pendingChecks, 1);
    return orphaned;
  }
}
