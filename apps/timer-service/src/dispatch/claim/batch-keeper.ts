import type { ShrunkBatch } from '@timer-platform/database';
import type { Lease } from '../lease/lease.ts';
import type { BatchWork, LiveBatches } from './live-batches.ts';

export interface BatchStatements {
  readonly finishBatches: (leaseId: string, batchIds: readonly string[]) => Promise<void>;
  readonly shrinkBatches: (leaseId: string, batches: readonly ShrunkBatch[]) => Promise<void>;
  readonly listBatches: (leaseId: string) => Promise<readonly string[]>;
  /** Returns how many timers were released. */
  readonly releaseBatches: (leaseId: string, batchIds: readonly string[]) => Promise<number>;
}

export interface BatchKeeperOptions {
  readonly statements: BatchStatements;
  readonly batches: LiveBatches;
  readonly monotonicMs: () => number;
  /** The lease to search orphaned claims of. */
  readonly lease: () => Lease;
  /** Monotonic instant since which a claim has been under way; Infinity: none is. */
  readonly claimUnderWaySinceMs: () => number;
  readonly onReleased: (timers: number) => void;
  readonly onError: (error: unknown) => void;
}

/** From one round of work to the next, in milliseconds. */
const ROUND_MS = 200;
/** With so many claims in finished batches, as a claim of recent timers has at most, a round follows at once. */
const MANY_FINISHED = 500;
/** Between two regular searches for orphaned claims, in milliseconds. */
const REGULAR_SEARCH_MS = 15_000;
/** Between the searches that follow an error of the database. */
const SEARCH_AFTER_ERROR_MS = 1_000;
const SEARCHES_AFTER_ERROR = 4;

/**
 * Keeps the rows of this dispatcher's batches as the dispatcher knows them: deletes finished ones, shrinks old ones, and
 * releases *orphaned* ones. Those are batches of its lease that it does not know, which happens in two ways: the result of
 * a claim was lost with its connection, or a crash of the server undid an asynchronous commit. Nobody else would rescue
 * them, since the lease is valid. A batch is orphaned when two searches in a row find it unknown, and no claim was under
 * way all the time between them, whose result it could be.
 */
export class BatchKeeper {
  readonly #options: BatchKeeperOptions;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;
  #searchAtMs: number;
  #searchesOwed = 0;
  #suspects:
    { readonly lease: Lease; readonly batchIds: ReadonlySet<string>; readonly atMs: number } | undefined;

  constructor(options: BatchKeeperOptions) {
    this.#options = options;
    this.#searchAtMs = options.monotonicMs() + REGULAR_SEARCH_MS;
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#startRound();
    }, ROUND_MS);
  }

  /** Claims have ended. */
  claimsEnded(): void {
    const isStarted = this.#timer !== undefined;
    if (isStarted && this.#options.batches.finishedClaims >= MANY_FINISHED) this.#startRound();
  }

  #startRound(): void {
    this.#round ??= this.work().finally(() => {
      this.#round = undefined;
    });
  }

  /** Ends with a last round. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#round;
    await this.work();
  }

  /** A statement failed: the end or the result of claims may have been lost. */
  databaseFailed(): void {
    this.#searchesOwed = SEARCHES_AFTER_ERROR;
    this.#searchAtMs = Math.min(this.#searchAtMs, this.#options.monotonicMs() + SEARCH_AFTER_ERROR_MS);
  }

  /** One round. Never rejects. */
  async work(): Promise<void> {
    const { batches, monotonicMs, onError } = this.#options;
    const isSearch = monotonicMs() >= this.#searchAtMs;
    for (const work of batches.takeWork(monotonicMs(), this.#searchesOwed > 0 && isSearch))
      try {
        await this.#do(work);
      } catch (error) {
        batches.putBack(work);
        onError(error);
      }
    if (!isSearch) return;
    try {
      await this.#search();
    } catch (error) {
      onError(error);
      this.#searchesOwed = Math.max(this.#searchesOwed, 2);
    }
    this.#searchesOwed = Math.max(0, this.#searchesOwed - 1);
    const waitMs = this.#searchesOwed > 0 ? SEARCH_AFTER_ERROR_MS : REGULAR_SEARCH_MS;
    this.#searchAtMs = monotonicMs() + waitMs;
  }

  async #do({ lease, finished, shrunk }: BatchWork): Promise<void> {
    const { statements } = this.#options;
    if (lease.isLost) return;
    if (finished.length > 0) await statements.finishBatches(lease.id, finished);
    if (shrunk.length > 0) await statements.shrinkBatches(lease.id, shrunk);
  }

  async #search(): Promise<void> {
    const { statements, batches, monotonicMs, claimUnderWaySinceMs, onReleased } = this.#options;
    const lease = this.#options.lease();
    const atMs = monotonicMs();
    const unknown = (await statements.listBatches(lease.id)).filter((batchId) => !batches.isKnown(batchId));
    const before = this.#suspects?.lease === lease ? this.#suspects : undefined;
    const isCertain = before !== undefined && claimUnderWaySinceMs() > before.atMs;
    const orphaned = isCertain ? unknown.filter((batchId) => before.batchIds.has(batchId)) : [];
    this.#suspects = { lease, batchIds: new Set(unknown), atMs: isCertain ? atMs : (before?.atMs ?? atMs) };
    // A second search decides about those that were found first now.
    if (unknown.length > orphaned.length) this.#searchesOwed = Math.max(this.#searchesOwed, 2);
    if (orphaned.length === 0) return;
    const released = await statements.releaseBatches(lease.id, orphaned);
    if (released > 0) onReleased(released);
  }
}
