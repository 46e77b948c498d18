import type { ClaimedRow } from '@timer-platform/database';

type Range = ClaimedRow['range'];
/** What counts of a timer. */
type Size = Pick<ClaimedRow, 'range' | 'bytes'>;

/**
 * Counts what this process holds, for the capacity to claim more: timers by the range that they were claimed in, and the
 * bytes of all callbacks in memory.
 */
export class HeldTimers {
  readonly #counts: Record<Range, number> = { recent: 0, backlog: 0, suspect: 0 };
  #bytes = 0;

  /** Bytes of the callbacks of timers that were claimed and whose attempts have not ended. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Timers that were claimed and not started. A suspect counts until its attempt has ended. */
  count(range: Range): number {
    return this.#counts[range];
  }

  claimed({ range, bytes }: Size): void {
    this.#counts[range] += 1;
    this.#bytes += bytes;
  }

  /** An attempt started. */
  started({ range }: Size): void {
    if (range !== 'suspect') this.#counts[range] -= 1;
  }

  /** The attempt ended. */
  ended({ range, bytes }: Size): void {
    if (range === 'suspect') this.#counts[range] -= 1;
    this.#bytes -= bytes;
  }

  /** The timer leaves without an attempt. */
  dropped(timer: Size): void {
    this.started(timer);
    this.ended(timer);
  }
}
