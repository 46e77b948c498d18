import type { RescueResult } from '@timer-platform/database';
import type { DispatchStatements } from '../statements.ts';

/**
 * How often to look for lost claims although no dispatcher was found dead: for those that crossed the removal of their
 * dispatcher, and for timers that the first timer service left executing. Not at every heartbeat: the look steps over
 * the index entries of all finished timers that an old transaction keeps from being removed.
 */
const REGULAR_MS = 30_000;

/** Takes back what dead dispatchers held; run after each heartbeat by every dispatcher. */
export class Rescuer {
  readonly #statements: Pick<DispatchStatements, 'removeExpired' | 'rescue'>;
  readonly #onRecovered: (recovered: RescueResult) => void;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(
    statements: Pick<DispatchStatements, 'removeExpired' | 'rescue'>,
    onRecovered: (recovered: RescueResult) => void,
  ) {
    this.#statements = statements;
    this.#onRecovered = onRecovered;
  }

  async run(monotonicMs: number): Promise<void> {
    // Owed until it has succeeded: the dispatcher that was removed will not be found dead a second time.
    if ((await this.#statements.removeExpired()) > 0) this.#lastMs = Number.NEGATIVE_INFINITY;
    if (monotonicMs < this.#lastMs + REGULAR_MS) return;
    const recovered = await this.#statements.rescue();
    this.#lastMs = monotonicMs;
    if (recovered.returned + recovered.failed > 0) this.#onRecovered(recovered);
  }
}
