import type { DeliveredAttempt, FailedAttempt, ReleasedClaim } from '@timer-platform/database';

/** Each returns how many claims of the batch this dispatcher still held. */
export interface SettleStatements {
  readonly delivered: (batch: readonly DeliveredAttempt[]) => Promise<number>;
  readonly failed: (batch: readonly FailedAttempt[]) => Promise<number>;
  readonly release: (batch: readonly ReleasedClaim[]) => Promise<number>;
}

export interface WrittenBatch {
  readonly kind: keyof SettleStatements;
  /** Claims that another dispatcher had taken; their timers were not changed. */
  readonly lost: number;
  /** When the first timer of the batch is due again, in milliseconds since 1970; null: none, or not known. */
  readonly nextDueMs: number | null;
  readonly items: readonly { readonly id: string; readonly fencingToken: number }[];
}

export interface SettleBatcherOptions {
  readonly statements: SettleStatements;
  readonly onWritten: (batch: WrittenBatch) => void;
  /** Called when a batch could not be written; it is retried. */
  readonly onError: (error: unknown) => void;
  readonly sleep: (ms: number) => Promise<void>;
}

/** The most rows per statement. */
const MAX_BATCH = 1_000;
/** How long the first claim of a batch waits for others, in milliseconds. */
const LINGER_MS = 5;
const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 2_000;

/** How claims of one kind are written. */
interface LaneOptions<Item extends { readonly id: string; readonly fencingToken: number }> extends Omit<
  SettleBatcherOptions,
  'statements'
> {
  readonly kind: keyof SettleStatements;
  readonly write: (batch: readonly Item[]) => Promise<number>;
  /** When the timer is due again; null: never, or not known. */
  readonly dueAgainMs: (item: Item) => number | null;
}

/** Writes claims of one kind. */
class Lane<Item extends { readonly id: string; readonly fencingToken: number }> {
  readonly #options: LaneOptions<Item>;
  #items: Item[] = [];
  #writing = 0;
  #run: Promise<void> | undefined;

  constructor(options: LaneOptions<Item>) {
    this.#options = options;
  }

  get size(): number {
    return this.#items.length + this.#writing;
  }

  add(item: Item): void {
    this.#items.push(item);
    this.#run ??= this.#drain();
  }

  /** Resolves when every claim added so far is written. */
  async written(): Promise<void> {
    await this.#run;
  }

  /** Runs one statement at a time and gathers the next batch meanwhile, so batches grow under load. */
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

  /** Retries until it succeeds: until then the timers stay executing. Fencing makes repetition harmless. */
  async #persist(batch: readonly Item[]): Promise<void> {
    const { kind, write, dueAgainMs, onWritten, onError, sleep } = this.#options;
    for (let waitMs = FIRST_RETRY_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_RETRY_MS)) {
      try {
        const settled = await write(batch);
        let nextDueMs = Number.POSITIVE_INFINITY;
        for (const item of batch) nextDueMs = Math.min(nextDueMs, dueAgainMs(item) ?? nextDueMs);
        onWritten({
          kind,
          lost: batch.length - settled,
          nextDueMs: nextDueMs === Number.POSITIVE_INFINITY ? null : nextDueMs,
          items: batch,
        });
        return;
      } catch (error) {
        onError(error);
        await sleep(waitMs);
      }
    }
  }
}

/** Collects settled claims and writes them in batches, one statement of each kind at a time. */
export class SettleBatcher {
  readonly #delivered: Lane<DeliveredAttempt>;
  readonly #failed: Lane<FailedAttempt>;
  readonly #unstarted: Lane<ReleasedClaim>;

  constructor({ statements, ...rest }: SettleBatcherOptions) {
    this.#delivered = new Lane({
      ...rest,
      kind: 'delivered',
      write: (batch) => statements.delivered(batch),
      dueAgainMs: () => null,
    });
    this.#failed = new Lane({
      ...rest,
      kind: 'failed',
      write: (batch) => statements.failed(batch),
      dueAgainMs: ({ nextAttemptMs }) => nextAttemptMs,
    });
    this.#unstarted = new Lane({
      ...rest,
      kind: 'release',
      write: (batch) => statements.release(batch),
      dueAgainMs: ({ notBeforeMs }) => notBeforeMs,
    });
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

  release(claim: ReleasedClaim): void {
    this.#unstarted.add(claim);
  }

  /** Resolves when every claim is written; waits while the database is unavailable. */
  async written(): Promise<void> {
    while (this.size > 0)
      await Promise.all([this.#delivered.written(), this.#failed.written(), this.#unstarted.written()]);
  }
}
