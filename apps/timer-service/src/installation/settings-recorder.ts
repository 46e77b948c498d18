import { InterruptibleSleep } from '../interruptible-sleep.ts';

export interface SettingsRecorderOptions {
  /** Writes the settings as they are now. */
  readonly record: () => Promise<void>;
  /** Called for the first failure in a row. */
  readonly onError: (error: unknown) => void;
  /** Time from a failure to the next try, in milliseconds; 5 seconds by default. */
  readonly retryMs?: number;
}

/**
 * Records the settings of this process until it succeeds: the database may be unreachable when it starts. One statement at
 * a time: each of two at once would find what another process had recorded, and warn of it.
 */
export class SettingsRecorder {
  readonly #options: SettingsRecorderOptions;
  readonly #sleep = new InterruptibleSleep();
  #isDue = false;
  #isStarted = false;
  #stopping = false;
  #running: Promise<void> | undefined;

  constructor(options: SettingsRecorderOptions) {
    this.#options = options;
  }

  /** Records the settings, once more if it is doing so already; not before the start. */
  recordSoon(): void {
    this.#isDue = true;
    if (this.#isStarted) this.#run();
  }

  /** To be called when the service has tried to record its settings itself. Records what has become due meanwhile. */
  start(): void {
    this.#isStarted = true;
    if (this.#isDue) this.#run();
  }

  /** Resolves after the statement in progress. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#sleep.wake();
    await this.#running;
  }

  #run(): void {
    this.#running ??= this.#recordAll().finally(() => {
      this.#running = undefined;
    });
  }

  async #recordAll(): Promise<void> {
    const { record, onError, retryMs = 5_000 } = this.#options;
    let failures = 0;
    while (this.#isDue && !this.#stopping) {
      this.#isDue = false;
      try {
        await record();
      } catch (error) {
        this.#isDue = true;
        failures += 1;
        if (failures === 1) onError(error);
        await this.#sleep.sleep(retryMs);
      }
    }
  }
}
