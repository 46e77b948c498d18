import { type ClaimedRow, isDataError } from '@timer-platform/database';
import { InterruptibleSleep } from '../../interruptible-sleep.ts';
import type { Lease } from '../lease/lease.ts';

/** The end of one claim. */
export interface SettleItem {
  readonly lease: Lease;
  readonly id: string;
  readonly batchId: string;
  readonly fencingToken: number;
  /** The range that it was claimed in. */
  readonly range: ClaimedRow['range'];
}

export interface SettleLaneOptions<Item extends SettleItem> {
  /** Returns how many claims of the batch this dispatcher still held. */
  readonly write: (leaseId: string, batch: readonly Item[]) => Promise<number>;
  /** A form of an item that can be stored although the item itself cannot. */
  readonly simplified?: (item: Item) => Item;
  readonly onWritten: (items: readonly Item[], lost: number) => void;
  readonly onError: (error: unknown) => void;
  readonly sleep: (ms: number) => Promise<void>;
}

/** The most rows per statement. */
const MAX_BATCH = 1_000;
/** How long the first claim of a batch waits for others, in milliseconds: longer while many follow. */
const SHORTEST_LINGER_MS = 5;
const LONGEST_LINGER_MS = 40;
/** This many claims in one linger are many. */
const MANY = 10;
const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 2_000;
/** A claim whose end the database refuses is tried this often at first, and ever less often. */
const FIRST_REFUSED_RETRY_MS = 1_000;
const LONGEST_REFUSED_RETRY_MS = 60_000;

/** Writes settled claims of one kind, one statement at a time. The next batch gathers meanwhile, so it grows under load. */
export class SettleLane<Item extends SettleItem> {
  readonly #options: SettleLaneOptions<Item>;
  readonly #linger = new InterruptibleSleep();
  #items: Item[] = [];
  #writing = 0;
  #pendingOfBacklog = 0;
  #refused = 0;
  #lingerMs = SHORTEST_LINGER_MS;
  #run: Promise<void> | undefined;

  constructor(options: SettleLaneOptions<Item>) {
    this.#options = options;
  }

  /** Claims that are not written yet. */
  get size(): number {
    return this.pending + this.#refused;
  }

  /** Those of them that the database has not refused. */
  get pending(): number {
    return this.#items.length + this.#writing;
  }

  /** Those of them that were claimed as backlog. */
  get pendingOfBacklog(): number {
    return this.#pendingOfBacklog;
  }

  add(item: Item): void {
    this.#items.push(item);
    if (item.range === 'backlog') this.#pendingOfBacklog += 1;
    if (this.#items.length === MAX_BATCH) this.#linger.wake();
    this.#run ??= this.#drain();
  }

  /** Resolves when every claim added so far was written, or refused. */
  async written(): Promise<void> {
    this.#linger.wake();
    await this.#run;
  }

  async #drain(): Promise<void> {
    while (this.#items.length > 0) {
      if (this.#items.length < MAX_BATCH) await this.#linger.sleep(this.#lingerMs);
      const batch = this.#takeBatch();
      this.#lingerMs =
        batch.length > MANY ? Math.min(this.#lingerMs * 2, LONGEST_LINGER_MS) : SHORTEST_LINGER_MS;
      this.#writing = batch.length;
      await this.#persist(batch);
    }
    this.#run = undefined;
  }

  /** Claims of one lease. A process has more than one only while it replaces a lost lease. */
  #takeBatch(): Item[] {
    const lease = this.#items[0]?.lease;
    const other = this.#items.findIndex((item) => item.lease !== lease);
    return this.#items.splice(0, Math.min(MAX_BATCH, other === -1 ? MAX_BATCH : other));
  }

  /** Retries until it succeeds: until then the claims go on. Fencing makes repetition harmless. */
  async #persist(batch: readonly Item[]): Promise<void> {
    const { onError, sleep } = this.#options;
    for (let waitMs = FIRST_RETRY_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_RETRY_MS)) {
      try {
        const lost = await this.#write(batch);
        this.#notPending(batch);
        this.#report(batch, lost);
        return;
      } catch (error) {
        onError(error);
        if (isDataError(error)) {
          await this.#split(batch);
          return;
        }
        await sleep(waitMs);
      }
    }
  }

  /** Returns how many claims had ended. Others have rescued those of a lost lease: there is nothing to write. */
  async #write(batch: readonly Item[]): Promise<number> {
    const lease = batch[0]?.lease;
    if (lease === undefined || lease.isLost) return batch.length;
    return batch.length - (await this.#options.write(lease.id, batch));
  }

  #notPending(batch: readonly Item[]): void {
    this.#writing -= batch.length;
    for (const { range } of batch) if (range === 'backlog') this.#pendingOfBacklog -= 1;
  }

  /** The batch is written and not pending any more: an error of the callback must not make it written again. */
  #report(batch: readonly Item[], lost: number): void {
    const { onWritten, onError } = this.#options;
    try {
      onWritten(batch, lost);
    } catch (error) {
      onError(error);
    }
  }

  /** One claim of the batch cannot be written as it is: finds it, and writes the others. */
  async #split(batch: readonly Item[]): Promise<void> {
    const [only] = batch;
    if (batch.length === 1 && only !== undefined) {
      this.#notPending(batch);
      void this.#retryRefused(only);
      return;
    }
    const half = Math.ceil(batch.length / 2);
    await this.#persist(batch.slice(0, half));
    await this.#persist(batch.slice(half));
  }

  /** Beside the others, for as long as the lease is held. */
  async #retryRefused(item: Item): Promise<void> {
    const { simplified, onError, sleep } = this.#options;
    const form = simplified === undefined ? item : simplified(item);
    this.#refused += 1;
    for (
      let waitMs = 0;
      ;
      waitMs = Math.min(Math.max(waitMs * 2, FIRST_REFUSED_RETRY_MS), LONGEST_REFUSED_RETRY_MS)
    ) {
      // The first form that can be stored is tried at once.
      if (waitMs > 0 || simplified === undefined) await sleep(Math.max(waitMs, FIRST_REFUSED_RETRY_MS));
      try {
        this.#report([form], await this.#write([form]));
        break;
      } catch (error) {
        onError(error);
      }
    }
    this.#refused -= 1;
  }
}
