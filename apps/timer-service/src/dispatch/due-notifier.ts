import type { DueRange } from '@timer-platform/database';

export interface DueNotifierOptions {
  readonly notify: (range: DueRange) => Promise<void>;
  /** This machine's clock, in milliseconds since 1970. */
  readonly wallMs: () => number;
  readonly onError: (error: unknown) => void;
}

/** One notification collects the timers that are stored within this time: each takes a lock of the whole server. */
const GAP_MS = 20;
/** Dispatchers find timers that are due later than this without a notification. The clocks may differ by a few seconds. */
const SOON_MS = 5_000;

/**
 * Tells the dispatchers of other processes that timers were stored which are due soon. For processes that have no
 * dispatcher. A notification that fails is not repeated: dispatchers also search for timers that nobody told them of.
 */
export class DueNotifier {
  readonly #options: DueNotifierOptions;
  #range: DueRange | undefined;
  #timeout: NodeJS.Timeout | undefined;
  #sending = false;
  #stopped = false;

  constructor(options: DueNotifierOptions) {
    this.#options = options;
  }

  /** A timer is due at this instant, in milliseconds since 1970; undefined: at an unknown instant, or now. */
  stored(dueMs = this.#options.wallMs()): void {
    if (this.#stopped || dueMs > this.#options.wallMs() + SOON_MS) return;
    const { fromMs = dueMs, toMs = dueMs } = this.#range ?? {};
    this.#range = { fromMs: Math.min(fromMs, dueMs), toMs: Math.max(toMs, dueMs) };
    if (this.#timeout === undefined && !this.#sending) this.#send();
  }

  stop(): void {
    clearTimeout(this.#timeout);
    this.#stopped = true;
    this.#range = undefined;
  }

  /** At once if the last one was long ago, so that a single timer does not wait. */
  #send(): void {
    const range = this.#range;
    if (range === undefined) return;
    const { notify, onError } = this.#options;
    this.#range = undefined;
    this.#sending = true;
    notify(range)
      .catch(onError)
      .finally(() => {
        if (this.#stopped) return;
        this.#timeout = setTimeout(() => {
          this.#timeout = undefined;
          this.#sending = false;
          this.#send();
        }, GAP_MS);
      });
  }
}
