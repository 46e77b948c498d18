import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { DispatchObserver } from '../dispatch/observer.ts';

/** Bounds in seconds: a timer is meant to start within a few milliseconds, and may be days late after an outage. */
const LATENESS_BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300, 3_600];
const DURATION_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const BATCH_BUCKETS = [1, 5, 10, 25, 50, 100, 250, 500, 1_000];

/** What is read from its owner when metrics are asked for. */
export interface MetricSources {
  load(): {
    readonly inFlight: number;
    readonly queued: number;
    readonly waiting: number;
    readonly unsettled: number;
  };
  breakerStates(): Readonly<Record<string, number>>;
  /** For how long the oldest due timer waits, in milliseconds. Rejects while the database is away. */
  oldestDueAge(): Promise<number>;
}

/** The service's metrics, in a registry of their own. */
export interface Metrics {
  /** The part of a dispatcher's observer that only counts. */
  readonly observer: Omit<DispatchObserver, 'databaseError' | 'defect'>;
  /** A statement of the dispatcher failed. */
  readonly databaseError: () => void;
  /** In the Prometheus text format. */
  readonly render: () => Promise<{ readonly contentType: string; readonly body: string }>;
}

export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  const lateness = new Histogram({
    name: 'timer_lateness_seconds',
    help: 'How long after its due instant an attempt started',
    buckets: LATENESS_BUCKETS,
    registers,
  });
  const duration = new Histogram({
    name: 'timer_attempt_duration_seconds',
    help: 'How long an attempt took',
    buckets: DURATION_BUCKETS,
    registers,
  });
  const attempts = new Counter({
    name: 'timer_attempts_total',
    help: 'Attempts by how they ended',
    labelNames: ['outcome'] as const,
    registers,
  });
  const ended = {
    delivered: attempts.labels('delivered'),
    retryable: attempts.labels('retryable'),
    permanent: attempts.labels('permanent'),
  };
  const claims = new Histogram({
    name: 'timer_claim_batch_size',
    help: 'Timers of one claim that found any',
    buckets: BATCH_BUCKETS,
    registers,
  });
  const settles = new Histogram({
    name: 'timer_settle_batch_size',
    help: 'Timers of one settling statement',
    labelNames: ['kind'] as const,
    buckets: BATCH_BUCKETS,
    registers,
  });
  const lost = new Counter({
    name: 'timer_settles_lost_total',
    help: 'Settles that came too late: the timer had been claimed by another dispatcher',
    registers,
  });
  const parked = new Counter({
    name: 'timer_parked_total',
    help: 'Timers put back for later because their destination was away or too slow',
    registers,
  });
  const recovered = new Counter({
    name: 'timer_claims_recovered_total',
    help: 'Claims of dead dispatchers that were taken back',
    labelNames: ['to'] as const,
    registers,
  });
  const replaced = new Counter({
    name: 'timer_dispatcher_replaced_total',
    help: 'Times that this dispatcher was taken for dead and registered anew',
    registers,
  });
  const databaseErrors = new Counter({
    name: 'timer_dispatcher_database_errors_total',
    help: 'Statements of the dispatcher that failed; each is tried again',
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
    help: 'For how long the oldest due timer has been waiting; NaN while the database is away',
    registers,
    async collect() {
      const ageMs = await sources.oldestDueAge().catch(() => Number.NaN);
      this.set(ageMs / 1_000);
    },
  });

  return {
    observer: {
      started: (lateMs) => {
        lateness.observe(lateMs / 1_000);
      },
      ended: (outcome, durationMs) => {
        duration.observe(durationMs / 1_000);
        ended[outcome.kind].inc();
      },
      claimed: (timers) => {
        if (timers > 0) claims.observe(timers);
      },
      settled: (kind, timers, lostNow) => {
        settles.observe({ kind }, timers);
        lost.inc(lostNow);
      },
      deferred: (timers) => {
        parked.inc(timers);
      },
      rescued: ({ returned, failed }) => {
        recovered.inc({ to: 'pending' }, returned);
        recovered.inc({ to: 'failed' }, failed);
      },
      leaseLost: () => {
        replaced.inc();
      },
    },
    databaseError: () => {
      databaseErrors.inc();
    },
    render: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  };
}
