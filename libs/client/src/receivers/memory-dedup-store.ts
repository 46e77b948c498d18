import type { DedupResult, DedupStore } from './dedup-store.ts';

export interface MemoryDedupStoreOptions {
  /** Ids kept; above that, the oldest are forgotten. 100,000 by default, about 15 MB. */
  readonly maxIds?: number;
  /** How long an id is kept, in milliseconds; a day by default. */
  readonly ttlMs?: number;
  /** Milliseconds of a clock that never goes back. */
  readonly monotonicMs?: () => number;
}

class MemoryDedupStore implements DedupStore {
  readonly #maxIds: number;
  readonly #ttlMs: number;
  readonly #monotonicMs: () => number;
  /** When ids were handled, the oldest first. */
  readonly #handled = new Map<string, number>();
  readonly #inProgress = new Set<string>();

  constructor({
    maxIds = 100_000,
    ttlMs = 86_400_000,
    monotonicMs = () => performance.now(),
  }: MemoryDedupStoreOptions) {
    this.#maxIds = maxIds;
    this.#ttlMs = ttlMs;
    this.#monotonicMs = monotonicMs;
  }

  async once(id: string, handle: (transaction: undefined) => Promise<void>): Promise<DedupResult> {
    this.#forget();
    if (this.#handled.has(id)) return 'duplicate';
    if (this.#inProgress.has(id)) return 'in progress';
    this.#inProgress.add(id);
    try {
      await handle(undefined);
      this.#handled.set(id, this.#monotonicMs());
      this.#forget();
      return 'handled';
    } finally {
      this.#inProgress.delete(id);
    }
  }

  #forget(): void {
    const expired = this.#monotonicMs() - this.#ttlMs;
    for (const [id, handledMs] of this.#handled) {
      if (handledMs > expired && this.#handled.size <= this.#maxIds) return;
      this.#handled.delete(id);
    }
  }
}

/**
 * Remembers ids in this process. A repetition that reaches another process, or this one after a restart, is handled
 * again: use a store in your database where that matters.
 */
export function memoryDedupStore(options: MemoryDedupStoreOptions = {}): DedupStore {
  return new MemoryDedupStore(options);
}
