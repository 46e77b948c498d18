import { InterruptibleSleep } from '../../interruptible-sleep.ts';
import type { OperatorSettings } from './destination-settings.ts';

export interface SettingsStatements {
  /** What operators have set, for the dispatcher with this lease. */
  readonly operatorSettings: (leaseId: string) => Promise<OperatorSettings>;
}

export interface SettingsWatchOptions {
  readonly statements: SettingsStatements;
  readonly leaseId: () => string;
  readonly monotonicMs: () => number;
  readonly onSettings: (settings: OperatorSettings) => void;
  /** The settings that were read last stay in force. */
  readonly onError: (error: unknown) => void;
}

/** From one read to the next, in milliseconds. */
const INTERVAL_MS = 500;

/** Reads what operators have set for destinations, twice a second. */
export class SettingsWatch {
  readonly #options: SettingsWatchOptions;
  readonly #sleep = new InterruptibleSleep();
  #stopping = false;
  #ended: Promise<void> | undefined;

  constructor(options: SettingsWatchOptions) {
    this.#options = options;
  }

  /** Resolves when the settings are known for the first time: until then no attempt may start. Or when it was stopped. */
  start(): Promise<void> {
    return new Promise((resolve) => {
      this.#ended = this.#repeat(resolve).finally(resolve);
    });
  }

  /** Ends after the statement that is under way. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#sleep.wake();
    await this.#ended;
  }

  async #repeat(onKnown: () => void): Promise<void> {
    const { statements, leaseId, monotonicMs, onSettings, onError } = this.#options;
    while (!this.#stopping) {
      const startedMs = monotonicMs();
      try {
        onSettings(await statements.operatorSettings(leaseId()));
        onKnown();
      } catch (error) {
        onError(error);
      }
      await this.#sleep.sleep(Math.max(0, startedMs + INTERVAL_MS - monotonicMs()));
    }
  }
}
