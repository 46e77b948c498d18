import type { ClaimedRow, ShrunkBatch } from '@timer-platform/database';
import type { Lease } from '../lease/lease.ts';

interface Batch {
  readonly lease: Lease;
  readonly claimedMs: number;
  /** Claims in the row of the batch; of these, `open` go on. */
  recorded: number;
  /** The fencing tokens, by timer. */
  readonly open: Map<string, number>;
}

/** Work on the rows of the batches of one lease. */
export interface BatchWork {
  readonly lease: Lease;
  /** All of their claims have ended. */
  readonly finished: readonly string[];
  /** More than half of their claims have ended. */
  readonly shrunk: readonly ShrunkBatch[];
}

/** A batch is not shrunk earlier: most end soon. In milliseconds. */
const SHRINK_AFTER_MS = 1_000;

/**
 * The batches of this dispatcher, and which of their claims go on. A batch is a row that polls of all dispatchers read, so
 * that it is deleted when its last claim has ended, and shrunk when a few of them take long.
 */
export class LiveBatches {
  readonly #batches = new Map<string, Batch>();
  #finished = new Map<Lease, string[]>();
  #finishedClaims = 0;

  claimed(lease: Lease, rows: readonly ClaimedRow[], monotonicMs: number): void {
    for (const row of rows) {
      let batch = this.#batches.get(row.batchId);
      if (batch === undefined) {
        batch = { lease, claimedMs: monotonicMs, recorded: 0, open: new Map() };
        this.#batches.set(row.batchId, batch);
      }
      batch.recorded += 1;
      batch.open.set(row.id, row.fencingToken);
    }
  }

  /** Claims in the rows of finished batches that nobody has taken as work. Every poll reads them. */
  get finishedClaims(): number {
    return this.#finishedClaims;
  }

  /** The end of a claim was written. */
  ended(batchId: string, timerId: string): void {
    const batch = this.#batches.get(batchId);
    if (batch === undefined) return;
    batch.open.delete(timerId);
    if (batch.open.size > 0) return;
    this.#batches.delete(batchId);
    this.#finishedClaims += batch.recorded;
    const finished = this.#finished.get(batch.lease);
    if (finished === undefined) this.#finished.set(batch.lease, [batchId]);
    else finished.push(batchId);
  }

  /** Forgets the batches of a lost lease: others have rescued them. */
  lost(lease: Lease): void {
    for (const [batchId, batch] of this.#batches) if (batch.lease === lease) this.#batches.delete(batchId);
    this.#finished.delete(lease);
  }

  isKnown(batchId: string): boolean {
    return this.#batches.has(batchId);
  }

  /**
   * What there is to do now, by lease. The caller does it, or puts it back.
   *
   * @param thorough shrinks every batch: of a settle that a crash of the server undid, the claim then ends
   */
  takeWork(monotonicMs: number, thorough: boolean): BatchWork[] {
    const shrunk = new Map<Lease, ShrunkBatch[]>();
    for (const [batchId, batch] of this.#batches) {
      const worthwhile =
        batch.open.size * 2 <= batch.recorded && monotonicMs - batch.claimedMs >= SHRINK_AFTER_MS;
      if (!worthwhile && !thorough) continue;
      batch.recorded = batch.open.size;
      const claims = Array.from(batch.open, ([id, fencingToken]) => ({ id, fencingToken }));
      shrunk.set(batch.lease, [...(shrunk.get(batch.lease) ?? []), { batchId, claims }]);
    }
    const finished = this.#finished;
    this.#finished = new Map();
    this.#finishedClaims = 0;
    const leases = new Set([...finished.keys(), ...shrunk.keys()]);
    return [...leases].map((lease) => ({
      lease,
      finished: finished.get(lease) ?? [],
      shrunk: shrunk.get(lease) ?? [],
    }));
  }

  /** Work that failed: the batches are finished at the next try. Shrinking only saves time, and is not repeated. */
  putBack({ lease, finished }: BatchWork): void {
    if (finished.length > 0) this.#finished.set(lease, [...finished, ...(this.#finished.get(lease) ?? [])]);
  }
}
