import type { RecordedClaim } from '@timer-platform/database';

/** Heartbeats between two regular checks. */
const REGULAR = 15;
/** Checks that follow an error of the database, one at each heartbeat. */
const AFTER_ERROR = 3;

/**
 * Finds timers that the table assigns to this dispatcher although the dispatcher does not know of them. They come about
 * in two ways: the result of a claim was lost with its connection, or the server crashed and lost a settle that had been
 * committed asynchronously. Nobody else would take them, since the lease of this dispatcher is valid.
 *
 * A claim is orphaned when two checks in a row find it so: at the first, its result may still be on its way, or the
 * check may have begun before the settle.
 */
export class OrphanedClaims {
  /** Fencing token of every claim that is not settled yet, by the timer's id. */
  readonly #known = new Map<string, number>();
  #checksOwed = 0;
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
    this.#checksOwed = AFTER_ERROR;
  }

  /** Counts a heartbeat; whether a check is due with it. */
  isDue(): boolean {
    this.#heartbeats += 1;
    if (this.#heartbeats % REGULAR === 0) this.#checksOwed = Math.max(this.#checksOwed, 2);
    if (this.#checksOwed === 0) return false;
    this.#checksOwed -= 1;
    return true;
  }

  /** Compares with what the table says; returns the claims to release. */
  check(recorded: readonly RecordedClaim[]): RecordedClaim[] {
    const unknown = recorded.filter(({ id, fencingToken }) => this.#known.get(id) !== fencingToken);
    const orphaned = unknown.filter(({ id, fencingToken }) => this.#suspects.get(id) === fencingToken);
    this.#suspects = new Map(unknown.map(({ id, fencingToken }) => [id, fencingToken]));
    if (unknown.length > orphaned.length) this.#checksOwed = Math.max(this.#checksOwed, 1);
    return orphaned;
  }
}
