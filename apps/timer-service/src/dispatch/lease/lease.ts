import { randomUUID } from 'node:crypto';

/** Without a heartbeat for this long, other dispatchers remove a lease, in milliseconds. */
export const LEASE_MS = 10_000;
/** A dispatcher trusts its lease for less time than the others do. */
const MARGIN_MS = 1_500;

/**
 * The right of a dispatcher to start attempts at the timers that it claimed under this id. It is valid for a limited time
 * after the last successful heartbeat was sent, by the monotonic clock of this process: a process that was frozen, or cut
 * off from the database, finds out before it starts an attempt at a timer that others may have rescued.
 *
 * A lost lease is never valid again. The dispatcher goes on under a new one, with a new id.
 */
export class Lease {
  readonly id = randomUUID();
  #validUntilMs = Number.NEGATIVE_INFINITY;
  #lost = false;

  /** Whether an attempt may start at this monotonic instant. */
  isValid(monotonicMs: number): boolean {
    return monotonicMs < this.#validUntilMs;
  }

  get isLost(): boolean {
    return this.#lost;
  }

  /** A heartbeat that was sent at this monotonic instant has succeeded. */
  renewed(sentMs: number): void {
    if (!this.#lost) this.#validUntilMs = sentMs + LEASE_MS - MARGIN_MS;
  }

  /** Others have removed the lease, or it was given up. */
  lose(): void {
    this.#lost = true;
    this.#validUntilMs = Number.NEGATIVE_INFINITY;
  }
}
