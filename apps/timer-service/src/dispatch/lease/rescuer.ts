import type { RecordedClaim, RescueResult } from '@timer-platform/database';
import type { SettleBatcher } from '../settle/settle-batcher.ts';
import type { OrphanedClaims } from './orphaned-claims.ts';

/**
 * How often to search for lost claims although no lease has expired: for those that crossed the removal of their
 * dispatcher, and for timers that the first timer service left executing. Not at every heartbeat: the search steps over
 * the index entries of all finished timers that an old transaction keeps from being removed.
 */
const REGULAR_MS = 30_000;

export interface RescueStatements {
  /** Removes dispatchers whose lease has expired; returns how many. */
  readonly removeExpired: () => Promise<number>;
  /** Returns to pending what no registered dispatcher holds. */
  readonly rescue: () => Promise<RescueResult>;
  /** What the table says that this dispatcher holds. */
  readonly listClaims: (dispatcherId: string) => Promise<RecordedClaim[]>;
}

export interface RescuerOptions {
  readonly statements: RescueStatements;
  readonly orphans: OrphanedClaims;
  readonly settleBatcher: Pick<SettleBatcher, 'release'>;
  readonly monotonicMs: () => number;
  readonly onRescued: (result: RescueResult) => void;
}

/** Returns timers to pending whose dispatcher lost its lease or its memory of them; run after each heartbeat. */
export class Rescuer {
  readonly #options: RescuerOptions;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(options: RescuerOptions) {
    this.#options = options;
  }

  /** @param dispatcherId whose own orphaned claims to release */
  async run(dispatcherId: string): Promise<void> {
    await this.#rescueLost();
    if (this.#options.orphans.isDue()) await this.#releaseOrphans(dispatcherId);
  }

  async #rescueLost(): Promise<void> {
    const { statements, monotonicMs, onRescued } = this.#options;
    const nowMs = monotonicMs();
    // Owed until it has succeeded: the dispatcher that was removed will not be found a second time.
    if ((await statements.removeExpired()) > 0) this.#lastMs = Number.NEGATIVE_INFINITY;
    if (nowMs < this.#lastMs + REGULAR_MS) return;
    const result = await statements.rescue();
    this.#lastMs = nowMs;
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
