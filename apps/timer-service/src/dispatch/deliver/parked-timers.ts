import { InterruptibleSleep } from '../../interruptible-sleep.ts';
import { sleep } from '../../sleep.ts';
import type { OperatorSettings } from './destination-settings.ts';

export interface ParkedStatements {
  /** Names destinations that are not paused and have parked timers. */
  readonly destinationsToReturn: () => Promise<readonly string[]>;
  /** Makes parked timers of a destination due again, unless it is paused; returns how many. */
  readonly returnParked: (destination: string, limit: number) => Promise<number>;
}

export interface ParkedTimersOptions {
  readonly statements: ParkedStatements;
  readonly monotonicMs: () => number;
  /** Timers are due. */
  readonly onReturned: (timers: number) => void;
  readonly onError: (error: unknown) => void;
}

/** The most timers per statement. */
const BATCH = 5_000;
/**
 * How often to search without an occasion: a dispatcher that had not seen a resume yet, or has crashed, may have left parked
 * timers. A search takes at most this share of the time.
 */
const SEARCH_MS = 1_000;
const SEARCH_SHARE = 0.02;
const LONGEST_SEARCH_GAP_MS = 60_000;

/**
 * Returns parked timers when their destination is resumed. Every dispatcher does, so that it happens whoever parked them.
 * Between two batches it sleeps as long as the last one took: the timers of others go on meanwhile.
 */
export class ParkedTimers {
  readonly #options: ParkedTimersOptions;
  readonly #sleep = new InterruptibleSleep();
  #paused: ReadonlySet<string> = new Set();
  #stopping = false;
  #ended: Promise<void> | undefined;

  constructor(options: ParkedTimersOptions) {
    this.#options = options;
  }

  start(): void {
    this.#ended ??= this.#repeat();
  }

  /** Ends after the statement that is under way. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#sleep.wake();
    await this.#ended;
  }

  /** Takes over what operators have set. A destination that is not paused any more is an occasion to search. */
  follow({ destinations }: OperatorSettings): void {
    const paused = new Set(
      destinations.filter(({ isPaused }) => isPaused).map(({ destination }) => destination),
    );
    const isResumed = [...this.#paused].some((destination) => !paused.has(destination));
    this.#paused = paused;
    if (isResumed) this.#sleep.wake();
  }

  async #repeat(): Promise<void> {
    const { statements, monotonicMs, onError } = this.#options;
    while (!this.#stopping) {
      const startedMs = monotonicMs();
      let found: readonly string[] = [];
      try {
        found = await statements.destinationsToReturn();
      } catch (error) {
        onError(error);
      }
      const searchMs = monotonicMs() - startedMs;
      const isDone = await this.#return(found);
      const gapMs = Math.min(Math.max(SEARCH_MS, searchMs / SEARCH_SHARE), LONGEST_SEARCH_GAP_MS);
      await this.#sleep.sleep(isDone ? gapMs : searchMs);
    }
  }

  /** A batch of each destination in turn. Returns whether none is left. */
  async #return(destinations: readonly string[]): Promise<boolean> {
    const { statements, monotonicMs, onReturned, onError } = this.#options;
    let isDone = true;
    for (const destination of destinations) {
      if (this.#stopping) break;
      const startedMs = monotonicMs();
      try {
        const returned = await statements.returnParked(destination, BATCH);
        if (returned > 0) onReturned(returned);
        if (returned === BATCH) isDone = false;
      } catch (error) {
        onError(error);
      }
      await sleep(monotonicMs() - startedMs);
    }
    return isDone;
  }
}
