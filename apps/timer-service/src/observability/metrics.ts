import type { CallbackType } from '@timer-platform/callback-types';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { DispatchObserver } from '../dispatch/observer.ts';
import type { ScheduleObserver } from '../materialize/schedule-observer.ts';
import type { Outcome } from '../transports/transport.ts';
import { PendingCounts } from './pending-counts.ts';
import { scheduleMetrics } from './schedule-metrics.ts';

/** In seconds: attempts normally start within milliseconds, and may be days late after an outage. */
const LATENESS_BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300, 3_600];
const DURATION_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const BATCH_BUCKETS = [1, 5, 10, 25, 50, 100, 250, 500, 1_000];

/** Values that are read when the metrics are rendered. */
export interface MetricSources {
  load(): {
    readonly inFlight: number;
    readonly queued: number;
    readonly waiting: number;
    readonly unsettled: number;
  };
  breakerStates(): Readonly<Record<string, number>>;
  /** How long the oldest due timer has waited, in milliseconds. Rejects while the database is unreachable. */
  oldestDueAge(): Promise<number>;
  /** How long the schedule that waits longest could have been looked at, in milliseconds. Rejects likewise. */
  scheduleLag(): Promise<number>;
}

/** The metrics of one service. */
export interface Metrics {
  /** A dispatcher's observer that counts events. */
  readonly observer: Omit<DispatchObserver, 'databaseError' | 'defect' | 'ended' | 'retried'> & {
    ended(outcome: Outcome, durationMs: number): void;
  };
  /** A materializer's observer that counts events. */
  readonly schedules: Pick<ScheduleObserver, 'decided' | 'lost' | 'paused'>;
  /** Counts a failed statement of the dispatcher. */
  readonly databaseError: () => void;
  /** Returns the metrics in the Prometheus text format. */
  readonly render: () => Promise<{ readonly contentType: string; readonly body: string }>;
}

export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  const lateness = new Histogram({
    name: 'timer_lateness_seconds',
    help: 'Time from the instant at which a timer was first due to the start of the attempt',
    buckets: LATENESS_BUCKETS,
    registers,
  });
  const duration = new Histogram({
    name: 'timer_attempt_duration_seconds',
    help: 'Duration of attempts, withdrawn ones included',
    buckets: DURATION_BUCKETS,
    registers,
  });
  const attempts = new PendingCounts<Outcome['kind']>();
  new Counter({
    name: 'timer_attempts_total',
    help: 'Attempts by outcome; withdrawn ones do not count as attempts of their timer',
    labelNames: ['outcome'] as const,
    registers,
    collect() {
      for (const [outcome, count] of attempts.takeAll()) this.inc({ outcome }, count);
    },
  });
  const duplicates = new Counter({
    name: 'timer_deliveries_duplicate_total',
    help: 'Deliveries that the receiver had already stored under the same message id',
    registers,
  });
  const finished = {
    completed: new PendingCounts<CallbackType | 'unreadable'>(),
    failed: new PendingCounts<CallbackType | 'unreadable'>(),
  };
  new Counter({
    name: 'timer_finished_total',
    help: 'Timers that reached their final status in this process',
    labelNames: ['status', 'callback_type'] as const,
    registers,
    collect() {
      for (const [status, counts] of Object.entries(finished))
        for (const [type, count] of counts.takeAll()) this.inc({ status, callback_type: type }, count);
    },
  });
  const claims = new Histogram({
    name: 'timer_claim_batch_size',
    help: 'Timers per claim statement, without empty claims',
    buckets: BATCH_BUCKETS,
    registers,
  });
  const settles = new Histogram({
    name: 'timer_settle_batch_size',
    help: 'Timers per settle statement',
    labelNames: ['kind'] as const,
    buckets: BATCH_BUCKETS,
    registers,
  });
  const lost = new Counter({
    name: 'timer_settles_lost_total',
    help: 'Settles without effect because this dispatcher no longer held the claim',
    registers,
  });
  const deferred = new Counter({
    name: 'timer_parked_total',
    help: 'Timers released with a delay because their destination was unavailable or too slow',
    registers,
  });
  const rescued = new Counter({
    name: 'timer_claims_recovered_total',
    help: 'Claims rescued from dispatchers whose lease expired, and own claims that were released as unknown',
    labelNames: ['to'] as const,
    registers,
  });
  const leasesLost = new Counter({
    name: 'timer_dispatcher_replaced_total',
    help: 'Times that the lease of this dispatcher expired and it acquired a new one',
    registers,
  });
  const databaseErrors = new Counter({
    name: 'timer_dispatcher_database_errors_total',
    help: 'Statements of the dispatcher that failed; each is retried',
    registers,
  });
  new Gauge({
    name: 'timer_load',
    help: 'Timers in this process: in_flight, held until due, waiting for their destination, unsettled',
    labelNames: ['stage'] as const,
    registers,
    collect() {
      const { inFlight, queued, waiting, unsettled } = sources.load();
      this.set({ stage: 'in_flight' }, inFlight);
      this.set({ stage: 'held' }, queued);
      this.set({ stage: 'waiting' }, waiting);
      this.set({ stage: 'unsettled' }, unsettled);
    },
  });
  new Gauge({
    name: 'timer_destinations',
    help: 'Known destinations by the state of their circuit breaker',
    labelNames: ['breaker'] as const,
    registers,
    collect() {
      for (const [breaker, count] of Object.entries(sources.breakerStates())) this.set({ breaker }, count);
    },
  });
  new Gauge({
    name: 'timer_oldest_due_age_seconds',
    help: 'How long the oldest due timer has waited; NaN while the database is unreachable',
    registers,
    async collect() {
      const ageMs = await sources.oldestDueAge().catch(() => Number.NaN);
      this.set(ageMs / 1_000);
    },
  });
  new Gauge({
    name: 'timer_schedule_lag_seconds',
    help: 'How long the schedule that waits longest could have been materialized, 5 s before its occurrence; NaN while the database is unreachable',
    registers,
    async collect() {
      const lagMs = await sources.scheduleLag().catch(() => Number.NaN);
      this.set(lagMs / 1_000);
    },
  });

  return {
    schedules: scheduleMetrics(registry),
    observer: {
      started: (lateMs) => {
        lateness.observe(lateMs / 1_000);
      },
      ended: (outcome, durationMs) => {
        duration.observe(durationMs / 1_000);
        attempts.add(outcome.kind);
        if (outcome.kind === 'delivered' && outcome.isDuplicate) duplicates.inc();
      },
      finished: ({ status, callbackType }) => {
        finished[status].add(callbackType ?? 'unreadable');
      },
      claimed: (timers) => {
        if (timers > 0) claims.observe(timers);
      },
      settled: (kind, timers, lostNow) => {
        settles.observe({ kind }, timers);
        lost.inc(lostNow);
      },
      deferred: (timers) => {
        deferred.inc(timers);
      },
      rescued: ({ returned, failed }) => {
        rescued.inc({ to: 'pending' }, returned);
        rescued.inc({ to: 'failed' }, failed);
      },
      orphansReleased: (timers) => {
        rescued.inc({ to: 'pending' }, timers);
      },
      leaseLost: () => {
        leasesLost.inc();
      },
    },
    databaseError: () => {
      databaseErrors.inc();
    },
    render: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  };
}
