import type { RecordedClaim } from '@timer-platform/database';

/** Heartbeats between two regular looks. */
const REGULAR = 15;
/** Looks that follow an error of the database, one at each heartbeat. */
const AFTER_ERROR = 3;

/**
 * Finds timers that the table gives to this dispatcher and that the dispatcher knows nothing of. There are two ways to
 * them: the answer to a claim was lost with its connection, or the server crashed and took a settle with it that had
 * been committed asynchronously. Nobody else would take them, since their dispatcher lives.
 *
 * A claim is a stray one when two looks in a row say so: at the first its answer may still be on its way, or the look
 * may have begun before the settle.
 */
export class OrphanedClaims {
  #checksOwed = 0;
  #heartbeats = 0;
  #suspects = new Map<string, number>();

  /** A statement failed: claims or settles may have been lost. */
  databaseFailed(): void {
    this.#checksOwed = AFTER_ERROR;
  }

  /** Counts a heartbeat; whether a look is due with it. */
  isDue(): boolean {
    this.#heartbeats += 1;
    if (this.#heartbeats % REGULAR === 0) this.#checksOwed = Math.max(this.#checksOwed, 2);
    if (this.#checksOwed === 0) return false;
    this.#checksOwed -= 1;
    return true;
  }

  /** Takes in what the table says; answers the claims that are to be handed back. */
  check(recorded: readonly RecordedClaim[], held: ReadonlyMap<string, number>): RecordedClaim[] {
    const unknown = recorded.filter(({ id, fencingToken }) => held.get(id) !== fencingToken);
    const strays = unknown.filter(({ id, fencingToken }) => this.#suspects.get(id) === fencingToken);
    this.#suspects = new Map(unknown.map(({ id, fencingToken }) => [id, fencingToken]));
    if (unknown.length > strays.length) this.#checksOwed = Math.max(this.#checksOwed, 1);
    return strays;
  }
}
