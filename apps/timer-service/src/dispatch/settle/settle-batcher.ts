import type { DeliveredAttempt, FailedAttempt, ReleasedClaim } from '@timer-platform/database';
import { type SettleItem, SettleLane, type SettleLaneOptions } from './settle-lane.ts';

/** Each returns how many claims of the batch this dispatcher still held. */
export interface SettleStatements {
  readonly delivered: (leaseId: string, batch: readonly DeliveredAttempt[]) => Promise<number>;
  readonly failed: (leaseId: string, batch: readonly FailedAttempt[]) => Promise<number>;
  readonly release: (leaseId: string, batch: readonly ReleasedClaim[]) => Promise<number>;
}

export type SettleKind = keyof SettleStatements;

export interface WrittenBatch {
  readonly kind: SettleKind;
  /** Claims that had ended; their timers were not changed. */
  readonly lost: number;
  /** When the first timer of the batch is due again, in milliseconds since 1970; null: none, or not known. */
  readonly nextDueMs: number | null;
  readonly items: readonly SettleItem[];
}

export interface SettleBatcherOptions {
  readonly statements: SettleStatements;
  readonly onWritten: (batch: WrittenBatch) => void;
  /** Called when a batch could not be written; it is retried. */
  readonly onError: (error: unknown) => void;
  readonly sleep: (ms: number) => Promise<void>;
}

type Delivered = DeliveredAttempt & SettleItem;
type Failed = FailedAttempt & SettleItem;
type Released = ReleasedClaim & SettleItem;

/** Replaces an error text that cannot be stored. */
const GENERIC_ERROR = 'the attempt failed; its error could not be stored';

/** Collects settled claims and writes them in batches, one statement of each kind at a time. */
export class SettleBatcher {
  readonly #delivered: SettleLane<Delivered>;
  readonly #failed: SettleLane<Failed>;
  readonly #release: SettleLane<Released>;

  constructor({ statements, onWritten, onError, sleep }: SettleBatcherOptions) {
    function lane<Item extends SettleItem>(
      kind: SettleKind,
      options: Pick<SettleLaneOptions<Item>, 'write' | 'simplified'>,
      dueAgainMs: (item: Item) => number | null,
    ): SettleLane<Item> {
      const onLaneWritten = (items: readonly Item[], lost: number) => {
        let nextDueMs = Number.POSITIVE_INFINITY;
        for (const item of items) nextDueMs = Math.min(nextDueMs, dueAgainMs(item) ?? nextDueMs);
        const isKnown = nextDueMs < Number.POSITIVE_INFINITY;
        onWritten({ kind, items, lost, nextDueMs: isKnown ? nextDueMs : null });
      };
      return new SettleLane({ ...options, onWritten: onLaneWritten, onError, sleep });
    }
    this.#delivered = lane<Delivered>('delivered', { write: statements.delivered }, () => null);
    this.#failed = lane<Failed>(
      'failed',
      { write: statements.failed, simplified: (attempt) => ({ ...attempt, error: GENERIC_ERROR }) },
      ({ nextAttemptMs }) => nextAttemptMs,
    );
    this.#release = lane<Released>(
      'release',
      { write: statements.release },
      ({ notBeforeMs }) => notBeforeMs,
    );
  }

  /** Claims that are not written yet. */
  get size(): number {
    return this.#delivered.size + this.#failed.size + this.#release.size;
  }

  /** Those of the backlog that are not written yet, without those that the database has refused. */
  get pendingOfBacklog(): number {
    return this.#delivered.pendingOfBacklog + this.#failed.pendingOfBacklog + this.#release.pendingOfBacklog;
  }

  delivered(attempt: Delivered): void {
    this.#delivered.add(attempt);
  }

  failed(attempt: Failed): void {
    this.#failed.add(attempt);
  }

  release(claim: Released): void {
    this.#release.add(claim);
  }

  /** Resolves when every claim is written or refused; waits while the database is unavailable. */
  async written(): Promise<void> {
    const lanes = [this.#delivered, this.#failed, this.#release];
    while (lanes.some(({ pending }) => pending > 0)) await Promise.all(lanes.map((lane) => lane.written()));
  }
}
