import { MAX_SAMPLED_TIMERS } from '@timer-platform/database';
import type { DispatchObserver, FinishedTimer, RetriedTimer } from '../../dispatch/observer.ts';
import type { Outcome } from '../../transports/transport.ts';
import { DestinationActivity } from './destination-activity.ts';
import { MinuteCounts } from './minute-counts.ts';
import { NewestTimers } from './newest-timers.ts';

export type RecordedEvents = Pick<
  DispatchObserver,
  'started' | 'ended' | 'finished' | 'retried' | 'deferred'
>;

/** Counts what reports show. On the hot path: it adds numbers and keeps references, and does no I/O. */
export class ActivityRecorder implements RecordedEvents {
  readonly minutes = new MinuteCounts();
  readonly destinations: DestinationActivity;
  readonly sample = new NewestTimers<FinishedTimer | RetriedTimer>(MAX_SAMPLED_TIMERS);
  /** The database's clock, in milliseconds since 1970. */
  readonly #databaseMs: () => number;

  constructor(monotonicMs: number, databaseMs: () => number) {
    this.destinations = new DestinationActivity(monotonicMs);
    this.#databaseMs = databaseMs;
  }

  started(lateMs: number): void {
    this.minutes.started(lateMs);
  }

  ended(outcome: Outcome, durationMs: number, destination: string): void {
    if (outcome.kind === 'withdrawn') return;
    const failure =
      outcome.kind === 'delivered' ? undefined : { atMs: this.#databaseMs(), error: outcome.reason };
    this.destinations.ended(destination, durationMs, failure);
  }

  finished(timer: FinishedTimer): void {
    this.minutes.count(timer.status === 'completed' ? 'delivered' : 'failed');
    this.sample.add(timer);
  }

  retried(timer: RetriedTimer): void {
    this.minutes.count('retried');
    this.sample.add(timer);
  }

  deferred(timers: number): void {
    this.minutes.count('deferred', timers);
  }
}
