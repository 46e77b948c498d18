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
  /** Whether this dispatcher's claims hold at this monotonic instant. */
  readonly mayStart: (monotonicMs: number) => boolean;
  /** Told when attempts have ended: more timers can be taken in. */
  readonly capacityFreed: () => void;
}

/**
 * Timers that wait for others to end are started several at a time: once an eighth as many have ended as are still
 * under way, or after this many milliseconds. One by one, each would wake the receiver for itself and be woken for its
 * answer alone, which under load costs a tenth of the CPU time. They are late already, so what they lose is nothing.
 */
const START_BATCH_MS = 2;
const START_BATCH_SHARE = 8;

const DEFECT = retryable('the delivery failed inside the timer service');

/** Makes attempts at timers that are due, within the bounds of {@link DestinationLimiter}, and settles what came of them. */
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

  /** Due timers that wait for their destination. */
  get waiting(): number {
    return this.#limiter.waiting;
  }

  /** Destinations by the state of their circuit breaker. */
  get breakerStates(): ReturnType<DestinationLimiter<ClaimedTimer>['breakerStates']> {
    return this.#limiter.breakerStates();
  }

  /** Takes in a timer whose instant has come. */
  due(timer: ClaimedTimer): void {
    const admission = this.#limiter.admit(timer.destination, timer, this.#options.clock.monotonicMs());
    if (admission.kind === 'start') this.#start(timer, admission.probe);
    else if (admission.kind === 'park') this.#defer(timer, admission.untilMs);
  }

  /** Gives back to the table what would wait too long here; to be called a few times per second. */
  releaseWaiting(): void {
    const monotonicMs = this.#options.clock.monotonicMs();
    for (const { item, untilMs } of this.#limiter.takeDeferrable(monotonicMs)) this.#defer(item, untilMs);
    this.#startWaiting(monotonicMs);
  }

  /** Takes out what was not started. */
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

  /** Fails a timer without an attempt: there is none that could be made. */
  failUnstarted({ id, fencingToken, dueMs }: ClaimedRow, error: string): void {
    const { settles, clock, databaseClock } = this.#options;
    const finishedMs = databaseClock.at(clock.monotonicMs());
    const attempt = { dueMs, startedMs: null, finishedMs, statusCode: null };
    settles.failed({ id, fencingToken, error, nextAttemptMs: null, ...attempt });
  }

  /** The last look before anything leaves: the claim may have become another's, and the timer may have expired. */
  #start(timer: ClaimedTimer, probe: boolean): void {
    const { clock, databaseClock, observer, transports, mayStart } = this.#options;
    const monotonicMs = clock.monotonicMs();
    const startedMs = databaseClock.at(monotonicMs);
    const { row } = timer;
    const expired = row.expiresAtMs !== null && row.expiresAtMs <= startedMs;
    if (!mayStart(monotonicMs) || expired) {
      this.#limiter.withdrawn(timer.destination, probe);
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
        this.#ended(timer, probe, monotonicMs, startedMs, outcome);
      },
      (error: unknown) => {
        observer.defect(error, timerId);
        this.#ended(timer, probe, monotonicMs, startedMs, DEFECT);
      },
    );
  }

  #ended(
    timer: ClaimedTimer,
    probe: boolean,
    monotonicMs: number,
    startedMs: number,
    outcome: Outcome,
  ): void {
    const { clock, observer, random, settles } = this.#options;
    const endedMonotonicMs = clock.monotonicMs();
    const durationMs = endedMonotonicMs - monotonicMs;
    const finishedMs = startedMs + durationMs;
    this.#limiter.ended(timer.destination, outcome, probe, endedMonotonicMs);
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
    if (this.#limiter.inFlight === 0) this.#tellAllEnded();
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

  #tellAllEnded(): void {
    const told = this.#allEnded;
    this.#allEnded = [];
    for (const tell of told) tell();
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
