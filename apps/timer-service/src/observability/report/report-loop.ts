import type { CountedMinute, DispatcherReport } from '@timer-platform/database';
import { InterruptibleSleep } from '../../interruptible-sleep.ts';
import type { ActivityRecorder } from './activity-recorder.ts';

export interface ReportStatements {
  readonly writeReport: (report: DispatcherReport) => Promise<void>;
  readonly writeMinutes: (minutes: readonly CountedMinute[]) => Promise<void>;
  /** Deletes the minutes of all processes that are older than a day. */
  readonly pruneMinutes: () => Promise<void>;
}

export interface ReportLoopOptions {
  readonly statements: ReportStatements;
  readonly recorder: ActivityRecorder;
  readonly buildReport: () => DispatcherReport;
  readonly monotonicMs: () => number;
  /** The database's clock, in milliseconds since 1970. */
  readonly databaseMs: () => number;
  readonly onError: (error: unknown) => void;
}

const REPORT_MS = 1_000;
/** The minutes are written with every second report. */
const MINUTES_EVERY = 2;
/** They are pruned about this often, in reports: ten minutes. */
const PRUNE_EVERY = 600;
/** A failure is reported once in this time, however many reports fail. */
const ERROR_GAP_MS = 60_000;

/**
 * Writes what a dispatcher does to the table, for operators: its report every second, and what it did in the present minute
 * every two. Nothing waits for it, and what cannot be written now is written with the next one.
 */
export class ReportLoop {
  readonly #options: ReportLoopOptions;
  readonly #sleep = new InterruptibleSleep();
  #stopping = false;
  #ended: Promise<void> | undefined;
  #errorAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: ReportLoopOptions) {
    this.#options = options;
  }

  start(): void {
    this.#ended ??= this.#repeat();
  }

  /** Ends after a last write of the minutes. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#sleep.wake();
    await this.#ended;
  }

  async #repeat(): Promise<void> {
    const { statements, recorder, buildReport, monotonicMs, databaseMs } = this.#options;
    for (let round = 0; !this.#stopping; round += 1) {
      const startedMs = monotonicMs();
      recorder.minutes.advance(databaseMs());
      recorder.destinations.advance(startedMs);
      await this.#try(() => statements.writeReport(buildReport()));
      if (round % MINUTES_EVERY === 0) await this.#writeMinutes();
      if (round % PRUNE_EVERY === 0) await this.#try(() => statements.pruneMinutes());
      await this.#sleep.sleep(Math.max(0, startedMs + REPORT_MS - monotonicMs()));
    }
    await this.#writeMinutes();
  }

  async #writeMinutes(): Promise<void> {
    const { statements, recorder } = this.#options;
    const minutes = recorder.minutes.takeChanged();
    if (minutes.length === 0) return;
    const isWritten = await this.#try(() => statements.writeMinutes(minutes));
    if (!isWritten) recorder.minutes.putBack(minutes);
  }

  async #try(write: () => Promise<void>): Promise<boolean> {
    try {
      await write();
      return true;
    } catch (error) {
      const nowMs = this.#options.monotonicMs();
      if (nowMs - this.#errorAtMs >= ERROR_GAP_MS) {
        this.#errorAtMs = nowMs;
        this.#options.onError(error);
      }
      return false;
    }
  }
}
