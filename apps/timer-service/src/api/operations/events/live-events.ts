import type { LIVE_EVENTS, LiveEventName } from '@timer-platform/callback-types';
import {
  type Database,
  databaseNow,
  listDestinationSettings,
  listDispatchers,
  listDispatchMinutes,
} from '@timer-platform/database';
import type { z } from 'zod';
import type { Clock } from '../../../clock.ts';
import type { Operations } from '../operations.ts';
import { sumMinutes } from '../summarize-minutes.ts';
import { ChangedDestinations } from './changed-destinations.ts';
import { EventRates } from './event-rates.ts';
import { NewSamples } from './new-samples.ts';

/** An event for subscribers. */
export type LiveEvent = {
  [Name in LiveEventName]: { readonly name: Name; readonly data: z.infer<(typeof LIVE_EVENTS)[Name]> };
}[LiveEventName];

/** Minutes from which rates are derived: the current one, and the one before, which is written a little later. */
const MINUTES = 2;
const MINUTE_MS = 60_000;

/** Reads what has happened since the last read. Each read is one poll; every second one has the numbers. */
export class LiveEventReader {
  readonly #db: Database;
  readonly #operations: Pick<Operations, 'counts'>;
  readonly #clock: Clock;
  readonly #rates = new EventRates();
  readonly #samples = new NewSamples();
  readonly #destinations = new ChangedDestinations();
  #polls = 0;

  constructor(db: Database, operations: Pick<Operations, 'counts'>, clock: Clock) {
    this.#db = db;
    this.#operations = operations;
    this.#clock = clock;
  }

  async read(): Promise<LiveEvent[]> {
    const [settings, dispatchers] = await Promise.all([
      listDestinationSettings(this.#db),
      listDispatchers(this.#db),
    ]);
    const timers = this.#samples.after(dispatchers);
    const destinations = this.#destinations.after(settings, dispatchers);
    const events: LiveEvent[] = [];
    if (timers.length > 0) events.push({ name: 'timers', data: { timers } });
    if (destinations !== undefined) events.push({ name: 'destinations', data: destinations });
    if (this.#polls % 2 === 0) events.push(await this.#readStats());
    this.#polls += 1;
    return events;
  }

  async #readStats(): Promise<LiveEvent> {
    const [nowMs, { counts, due }, minutes] = await Promise.all([
      databaseNow(this.#db),
      this.#operations.counts(),
      listDispatchMinutes(this.#db, MINUTES),
    ]);
    const currentMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
    const current = sumMinutes(minutes.filter(({ minuteMs }) => minuteMs === currentMs));
    return {
      name: 'stats',
      data: {
        now: new Date(nowMs).toISOString(),
        due,
        executing: counts.executing,
        ...this.#rates.after(minutes, this.#clock.monotonicMs()),
        lateness_p50_ms: current.lateness_p50_ms,
        lateness_p99_ms: current.lateness_p99_ms,
      },
    };
  }
}
