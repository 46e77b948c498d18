import type { Peer, RescueResult } from '@timer-platform/database';

export interface RescueStatements {
  /** Removes these leases, unless they were renewed in the meantime; returns how many. */
  readonly expireLeases: (peers: readonly Peer[]) => Promise<number>;
  /** Returns to pending what no dispatcher holds any more. */
  readonly rescue: () => Promise<RescueResult>;
}

export interface RescuerOptions {
  readonly statements: RescueStatements;
  readonly onRescued: (result: RescueResult) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * How often to rescue although no lease has expired, in milliseconds: another dispatcher may have removed a lease and
 * then stopped itself, and the first service may have left timers executing.
 */
const REGULAR_MS = 5_000;

/** Rescues the timers of dispatchers that are gone. Nobody waits for it: heartbeats go on meanwhile. */
export class Rescuer {
  readonly #options: RescuerOptions;
  #running = false;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(options: RescuerOptions) {
    this.#options = options;
  }

  /** To be called at each heartbeat. What fails is done at a later one. */
  run(gone: readonly Peer[], monotonicMs: number): void {
    if (this.#running || (gone.length === 0 && monotonicMs < this.#lastMs + REGULAR_MS)) return;
    this.#running = true;
    this.#rescue(gone)
      .then(
        () => {
          this.#lastMs = monotonicMs;
        },
        (error: unknown) => {
          this.#lastMs = Number.NEGATIVE_INFINITY;
          this.#options.onError(error);
        },
      )
      .finally(() => {
        this.#running = false;
      });
  }

  async #rescue(gone: readonly Peer[]): Promise<void> {
    const { statements, onRescued } = this.#options;
    if (gone.length > 0) await statements.expireLeases(gone);
    const result = await statements.rescue();
    if (result.returned + result.failed > 0) onRescued(result);
  }
}
