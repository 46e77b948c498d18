import type { Database } from '@timer-platform/database';
import type { Faketime } from './faketime.ts';
import { queryWithRetries } from './query-with-retries.ts';
import { SteppedClock } from './stepped-clock.ts';

const TRIAL_SECONDS = 3_600;

/** The wall clock of the run's PostgreSQL: that of this machine, unless it can be stepped and was. */
export class PostgresClock {
  readonly #faketime: Faketime | undefined;
  #readings = new SteppedClock();
  #offsetSeconds = 0;

  constructor(faketime: Faketime | undefined) {
    this.#faketime = faketime;
  }

  get canStep(): boolean {
    return this.#faketime !== undefined;
  }

  /** What it has read since {@link restore}. */
  get readings(): SteppedClock {
    return this.#readings;
  }

  /** Milliseconds since 1970. */
  nowMs(): number {
    return this.#readings.readingAt(Date.now());
  }

  /** Sets it to this many seconds ahead of this machine's clock. */
  async step(offsetSeconds: number): Promise<void> {
    if (offsetSeconds === this.#offsetSeconds) return;
    if (this.#faketime === undefined) throw new Error('the clock of PostgreSQL cannot be stepped here');
    const fromMs = Date.now();
    await this.#faketime.setOffset(offsetSeconds);
    this.#offsetSeconds = offsetSeconds;
    this.#readings.record({ fromMs, toMs: Date.now(), offsetMs: offsetSeconds * 1_000 });
  }

  /** @throws Error if the server does not follow: its libfaketime has no effect */
  async tryOut(db: Database): Promise<void> {
    await this.step(TRIAL_SECONDS);
    const [row] = await queryWithRetries<{ now: Date }>(db, 'SELECT clock_timestamp() AS now');
    const aheadMs = (row?.now.getTime() ?? Number.NaN) - Date.now();
    await this.restore();
    if (!(Math.abs(aheadMs - TRIAL_SECONDS * 1_000) < 60_000))
      throw new Error(
        `libfaketime has no effect: the clock of PostgreSQL is ${aheadMs} ms ahead after a step`,
      );
  }

  /** Steps it forward, if it has to, so that it reads `readingMs` or later. */
  async reach(readingMs: number): Promise<void> {
    const aheadSeconds = Math.ceil((readingMs - Date.now()) / 1_000);
    if (aheadSeconds > this.#offsetSeconds) await this.step(aheadSeconds);
  }

  /** Sets it to the true time and forgets its steps. */
  async restore(): Promise<void> {
    await this.step(0);
    this.#readings = new SteppedClock();
  }
}
