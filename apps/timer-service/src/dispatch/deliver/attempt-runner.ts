import { matchCallback } from '@timer-platform/callback-types';
import type { ClaimedRow } from '@timer-platform/database';
import type { Clock } from '../../clock.ts';
import { retryable } from '../../transports/outcome.ts';
import type { Outcome, Transports } from '../../transports/transport.ts';
import type { ClaimedTimer } from '../claimed-timer.ts';
import type { DatabaseClock } from '../database-clock.ts';
import type { DispatchObserver } from '../observer.ts';
import { nextStep } from '../settle/next-step.ts';
import type { SettleBatcher } from '../settle/settle-batcher.ts';
import { DestinationLimiter, type FlowLimits } from './destination-limiter.ts';

export interface AttemptRunnerOptions {
  readonly limits: FlowLimits;
  readonly transports: Transports;
  readonly settles: Pick<SettleBatcher, 'delivered' | 'failed' | 'release'>;
  readonly clock: Clock;
  readonly databaseClock: DatabaseClock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly observer: DispatchObserver;
  /** Whether the lease is valid at this monotonic instant. */
  readonly mayStart: (monotonicMs: number) => boolean;
  /** Called when attempts have ended: more timers can be claimed. */
  readonly capacityFreed: () => void;
}

/**
 * Waiting timers start in batches: when the attempts that have ended are an eighth of those under way, or after this
 * many milliseconds. Starting them one by one costs a wake-up for each request and response, a tenth of the CPU time
 * under load. These timers are late already.
 */
const START_BATCH_MS = 2;
const START_BATCH_SHARE = 8;

const DEFECT = retryable('internal error of the timer service');

/** Attempts to deliver due timers within the limits of {@link DestinationLimiter}, and settles the outcomes. */
export class AttemptRunner {
  readonly #options: AttemptRunnerOptions;
  readonly #limiter: DestinationLimiter<ClaimedTimer>;
  /** Attempts that have ended since waiting timers were last started. */
  #endedSinceStart = 0;
  #startTimeout: NodeJS.Timeout | undefined;
  #allEnded: (() => void)[] = [];

  constructor(options: AttemptRunnerOptions) {
    this.#options = options;
    this.#limiter = new DestinationLimiter(options.limits);
  }

  /** Attempts under way. */
  get inFlight(): number {
    return this.#limiter.inFlight;
  }

  /** Due timers that wait for a free slot of their destination. */
  get waiting(): number {
    return this.#limiter.waiting;
  }

  /** The number of destinations by breaker state. */
  get breakerStates(): ReturnType<DestinationLimiter<ClaimedTimer>['breakerStates']> {
    return this.#limiter.breakerStates();
  }

  /** To be called when a timer is due. */
  due(timer: ClaimedTimer): void {
    const admission = this.#limiter.admit(timer.destination, timer, this.#options.clock.monotonicMs());
    if (admission.kind === 'start') this.#start(timer, admission.isTrial);
    else if (admission.kind === 'defer') this.#defer(timer, admission.untilMs);
  }

  /** Defers timers that would wait too long in memory; to be called a few times per second. */
  releaseWaiting(): void {
    const monotonicMs = this.#options.clock.monotonicMs();
    for (const { item, untilMs } of this.#limiter.takeDeferrable(monotonicMs)) this.#defer(item, untilMs);
    this.#startWaiting(monotonicMs);
  }

  /** Removes and returns timers that were not started. */
  takeWaiting(): ClaimedTimer[] {
    return this.#limiter.takeWaiting();
  }

  /** Resolves when no attempt is under way. */
  allEnded(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#limiter.inFlight === 0) resolve();
      else this.#allEnded.push(resolve);
    });
  }

  /** Fails a timer for which no attempt is possible. */
  failUnstarted({ id, fencingToken, dueMs }: ClaimedRow, error: string): void {
    const { settles, clock, databaseClock } = this.#options;
    const finishedMs = databaseClock.at(clock.monotonicMs());
    const attempt = { dueMs, startedMs: null, finishedMs, statusCode: null };
    settles.failed({ id, fencingToken, error, nextAttemptMs: null, ...attempt });
  }

  /** Starts an attempt, unless the lease has expired, and with it the claim, or the timer has expired. */
  #start(timer: ClaimedTimer, isTrial: boolean): void {
    const { clock, databaseClock, observer, transports, mayStart } = this.#options;
    const monotonicMs = clock.monotonicMs();
    const startedMs = databaseClock.at(monotonicMs);
    const { row } = timer;
    const expired = row.expiresAtMs !== null && row.expiresAtMs <= startedMs;
    if (!mayStart(monotonicMs) || expired) {
      this.#limiter.startCanceled(timer.destination, isTrial);
      if (expired) this.failUnstarted(row, 'expired: no attempt could start before expires_at');
      else this.#release(timer, null);
      return;
    }
    observer.started(startedMs - timer.dueMs);
    const { id: timerId, payload } = row;
    const sent = matchCallback(timer.callback, {
      http: (callback) => transports.http.send({ timerId, callback, payload }),
      nats: (callback) => transports.nats.send({ timerId, callback, payload }),
    });
    sent.then(
      (outcome) => {
        this.#ended(timer, isTrial, monotonicMs, startedMs, outcome);
      },
      (error: unknown) => {
        observer.defect(error, timerId);
        this.#ended(timer, isTrial, monotonicMs, startedMs, DEFECT);
      },
    );
  }

  #ended(
    timer: ClaimedTimer,
    isTrial: boolean,
    monotonicMs: number,
    startedMs: number,
    outcome: Outcome,
  ): void {
    const { clock, observer, random, settles } = this.#options;
    const endedMonotonicMs = clock.monotonicMs();
    const durationMs = endedMonotonicMs - monotonicMs;
    const finishedMs = startedMs + durationMs;
    this.#limiter.ended(timer.destination, outcome, isTrial, endedMonotonicMs);
    observer.ended(outcome, durationMs);
    const { id, fencingToken, dueMs, attempts, retry, executeAtMs, expiresAtMs } = timer.row;
    const step = nextStep({
      outcome,
      attemptsBefore: attempts,
      retry,
      executeAtMs,
      expiresAtMs,
      nowMs: finishedMs,
      random: random(),
    });
    if (step.kind === 'complete') {
      settles.delivered({ id, fencingToken, startedMs, finishedMs });
    } else {
      const { statusCode } = outcome;
      const nextAttemptMs = step.kind === 'retry' ? step.atMs : null;
      const { error } = step;
      settles.failed({ id, fencingToken, error, nextAttemptMs, dueMs, startedMs, finishedMs, statusCode });
    }
    this.#startWaitingSoon(endedMonotonicMs);
    if (this.#limiter.inFlight === 0) this.#resolveAllEnded();
  }

  #startWaitingSoon(monotonicMs: number): void {
    this.#endedSinceStart += 1;
    const { inFlight, waiting } = this.#limiter;
    if (waiting === 0 || this.#endedSinceStart * START_BATCH_SHARE >= inFlight)
      this.#startWaiting(monotonicMs);
    else
      this.#startTimeout ??= setTimeout(() => {
        this.#startWaiting(this.#options.clock.monotonicMs());
      }, START_BATCH_MS);
  }

  #startWaiting(monotonicMs: number): void {
    clearTimeout(this.#startTimeout);
    this.#startTimeout = undefined;
    this.#endedSinceStart = 0;
    for (
      let next = this.#limiter.next(monotonicMs);
      next !== undefined;
      next = this.#limiter.next(monotonicMs)
    )
      this.#start(next, false);
    this.#options.capacityFreed();
  }

  #resolveAllEnded(): void {
    const resolvers = this.#allEnded;
    this.#allEnded = [];
    for (const resolve of resolvers) resolve();
  }

  #defer(timer: ClaimedTimer, untilMonotonicMs: number): void {
    const { observer, databaseClock } = this.#options;
    observer.deferred(1);
    this.#release(timer, databaseClock.at(untilMonotonicMs));
  }

  #release({ row: { id, fencingToken } }: ClaimedTimer, notBeforeMs: number | null): void {
    this.#options.settles.release({ id, fencingToken, notBeforeMs });
  }
}
