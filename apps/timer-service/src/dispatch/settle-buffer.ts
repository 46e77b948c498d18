import type { DeliveredAttempt, FailedAttempt, UnstartedClaim } from '@timer-platform/database';

/** Where settled claims are written. Each answers how many of the batch were still this dispatcher's. */
export interface SettleStatements {
  delivered(batch: readonly DeliveredAttempt[]): Promise<number>;
  failed(batch: readonly FailedAttempt[]): Promise<number>;
  handBack(batch: readonly UnstartedClaim[]): Promise<number>;
}

export interface SettleBufferOptions {
  readonly statements: SettleStatements;
  /** Told after each written batch. `lost` of it had been claimed by another meanwhile and were left alone. */
  readonly onWritten: (batch: {
    readonly kind: keyof SettleStatements;
    readonly size: number;
    readonly lost: number;
  }) => void;
  /** Told when a batch could not be written; it is tried again. */
  readonly onError: (error: unknown) => void;
  readonly sleep: (ms: number) => Promise<void>;
}

/** Rows of one statement at most. */
const MAX_BATCH = 1_000;
/** How long the first of a batch waits for others, in milliseconds. */
const LINGER_MS = 5;
const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 2_000;

/** Claims of one kind on their way to the table. */
class Lane<Item> {
  readonly kind: keyof SettleStatements;
  readonly #write: (batch: readonly Item[]) => Promise<number>;
  readonly #options: SettleBufferOptions;
  #items: Item[] = [];
  #writing = 0;
  #run: Promise<void> | undefined;

  constructor(
    kind: keyof SettleStatements,
    write: (batch: readonly Item[]) => Promise<number>,
    options: SettleBufferOptions,
  ) {
    this.kind = kind;
    this.#write = write;
    this.#options = options;
  }

  get size(): number {
    return this.#items.length + this.#writing;
  }

  add(item: Item): void {
    this.#items.push(item);
    this.#run ??= this.#drain();
  }

  /** Resolves when everything added so far is written. */
  async written(): Promise<void> {
    await this.#run;
  }

  /** One statement at a time: while it runs, the next batch gathers. Under load batches so grow by themselves. */
  async #drain(): Promise<void> {
    await this.#options.sleep(LINGER_MS);
    while (this.#items.length > 0) {
      const batch = this.#items.splice(0, MAX_BATCH);
      this.#writing = batch.length;
      await this.#persist(batch);
      this.#writing = 0;
    }
    this.#run = undefined;
  }

  /** Never gives up: until it is written, the timer stays executing. The fence makes a repetition harmless. */
  async #persist(batch: readonly Item[]): Promise<void> {
    for (let waitMs = FIRST_RETRY_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_RETRY_MS)) {
      try {
        const settled = await this.#write(batch);
        this.#options.onWritten({ kind: this.kind, size: batch.length, lost: batch.length - settled });
        return;
      } catch (error) {
        this.#options.onError(error);
        await this.#options.sleep(waitMs);
      }
    }
  }
}

/** Gathers what became of claims and writes it in batches, one statement of each kind at a time. */
export class SettleBuffer {
  readonly #delivered: Lane<DeliveredAttempt>;
  readonly #failed: Lane<FailedAttempt>;
  readonly #unstarted: Lane<UnstartedClaim>;

  constructor(options: SettleBufferOptions) {
    const { statements } = options;
    this.#delivered = new Lane('delivered', (batch) => statements.delivered(batch), options);
    this.#failed = new Lane('failed', (batch) => statements.failed(batch), options);
    this.#unstarted = new Lane('handBack', (batch) => statements.handBack(batch), options);
  }

  /** Claims that are not written yet. */
  get size(): number {
    return this.#delivered.size + this.#failed.size + this.#unstarted.size;
  }

  delivered(attempt: DeliveredAttempt): void {
    this.#delivered.add(attempt);
  }

  failed(attempt: FailedAttempt): void {
    this.#failed.add(attempt);
  }

  handBack(claim: UnstartedClaim): void {
    this.#unstarted.add(claim);
  }

  /** Resolves when everything is written; while the database is away, not before it is back. */
  async written(): Promise<void> {
    while (this.size > 0)
      await Promise.all([this.#delivered.written(), this.#failed.written(), this.#unstarted.written()]);
  }
}
