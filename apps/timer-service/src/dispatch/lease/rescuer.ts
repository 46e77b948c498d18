import type { RecordedClaim, RescueResult } from '@timer-platform/database';
import type { SettleBatcher } from '../settle/settle-batcher.ts';
import type { OrphanedClaims } from './orphaned-claims.ts';

/**
 * How often to search for lost claims even if no lease has expired: for claims made while their dispatcher was being
 * removed, and for timers that the first service left executing. Not at every heartbeat, because the search scans the
 * index entries of all finished timers that an old transaction keeps from being removed.
 */
const RESCUE_INTERVAL_MS = 30_000;

export interface RescueStatements {
  /** Removes dispatchers whose lease has expired; returns their number. */
  readonly removeExpired: () => Promise<number>;
  /** Returns timers to pending that no dispatcher with a lease holds. */
  readonly rescue: () => Promise<RescueResult>;
  /** The claims of this dispatcher in the table. */
  readonly listClaims: (dispatcherId: string) => Promise<RecordedClaim[]>;
}

export interface RescuerOptions {
  readonly statements: RescueStatements;
  readonly orphans: OrphanedClaims;
  readonly settleBatcher: Pick<SettleBatcher, 'release'>;
  readonly monotonicMs: () => number;
  readonly onRescued: (result: RescueResult) => void;
}

/** Rescues lost claims and releases orphaned ones; run after each heartbeat. */
export class Rescuer {
  readonly #options: RescuerOptions;
  #lastRescueMs = Number.NEGATIVE_INFINITY;

  constructor(options: RescuerOptions) {
    this.#options = options;
  }

  /** @param dispatcherId the dispatcher whose orphaned claims are released */
  async run(dispatcherId: string): Promise<void> {
    await this.#rescueLost();
    if (this.#options.orphans.isDue()) await this.#releaseOrphans(dispatcherId);
  }

  async #rescueLost(): Promise<void> {
    const { statements, monotonicMs, onRescued } = this.#options;
    const nowMs = monotonicMs();
    // Required until a rescue has succeeded: the removed dispatcher will not be found again.
    if ((await statements.removeExpired()) > 0) this.#lastRescueMs = Number.NEGATIVE_INFINITY;
    if (nowMs < this.#lastRescueMs + RESCUE_INTERVAL_MS) return;
    const result = await statements.rescue();
    this.#lastRescueMs = nowMs;
    if (result.returned + result.failed > 0) onRescued(result);
  }

  async #releaseOrphans(dispatcherId: string): Promise<void> {
    const { statements, orphans, settleBatcher, onRescued } = this.#options;
    const orphaned = orphans.check(await statements.listClaims(dispatcherId));
    for (const { id, fencingToken } of orphaned)
      settleBatcher.release({ id, fencingToken, notBeforeMs: null });
    if (orphaned.length > 0) onRescued({ returned: orphaned.length, failed: 0 });
  }
}
