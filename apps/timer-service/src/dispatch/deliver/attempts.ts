import { matchCallback } from '@timer-platform/callback-types';
import type { ClaimedTimer } from '@timer-platform/database';
import type { Clock } from '../../clock.ts';
import { retryable } from '../../transports/outcome.ts';
import type { Outcome, Transports } from '../../transports/transport.ts';
import type { DatabaseClock } from '../database-clock.ts';
import { Destinations, type FlowLimits } from './destinations.ts';
import type { DispatchObserver } from '../dispatch-observer.ts';
import type { HeldTimer } from '../claim/held-timer.ts';
import { nextStep } from '../settle/next-step.ts';
import type { SettleBuffer } from '../settle/settle-buffer.ts';

export interface AttemptsOptions {
  readonly limits: FlowLimits;
  readonly transports: Transports;
  readonly settles: Pick<SettleBuffer, 'delivered' | 'failed' | 'handBack'>;
  readonly clock: Clock;
  readonly databaseClock: DatabaseClock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly observer: DispatchObserver;
  /** Whether this dispatcher's claims hold at this monotonic instant. */
  readonly mayStart: (monotonicMs: number) => boolean;
  /** Told when attempts have ended: more timers can be taken in. */
  readonly roomMade: () => void;
}

/**
 * Timers that wait for others to end are started several at a time: once an eighth as many have ended as are still
 * under way, or after this many milliseconds. One by one, each would wake the receiver for itself and be woken for its
 * answer alone, which under load costs a tenth of the CPU time. They are late already, so what they lose is nothing.
 */
const BUNCH_MS = 2;
const BUNCH_SHARE = 8;

const DEFECT = retryable('the delivery failed inside the timer service');

/** Makes attempts at timers that are due, within the bounds of {@link Destinations}, and settles what came of them. */
export class Attempts {
  readonly #options: AttemptsOptions;
  readonly #destinations: Destinations<HeldTimer>;
  /** Attempts that have ended since waiting timers were last started. */
  #endedSinceStart = 0;
  #bunch: NodeJS.Timeout | undefined;
  #allEnded: (() => void)[] = [];

  constructor(options: AttemptsOptions) {
    this.#options = options;
    this.#destinations = new Destinations(options.limits);
  }

  /** Attempts under way. */
  get inFlight(): number {
    return this.#destinations.inFlight;
  }

  /** Due timers that wait for their destination. */
  get waiting(): number {
    return this.#destinations.waiting;
  }

  /** Destinations by the state of their circuit breaker. */
  get breakerStates(): ReturnType<Destinations<HeldTimer>['breakerStates']> {
    return this.#destinations.breakerStates();
  }

  /** Takes in a timer whose instant has come. */
  due(timer: HeldTimer): void {
    const admission = this.#destinations.admit(timer.destination, timer, this.#options.clock.monotonicMs());
    if (admission.kind === 'start') this.#start(timer, admission.probe);
    else if (admission.kind === 'park') this.#parkUntil(timer, admission.untilMs);
  }

  /** Gives back to the table what would wait too long here; to be called a few times per second. */
  park(): void {
    const monotonicMs = this.#options.clock.monotonicMs();
    for (const { item, untilMs } of this.#destinations.takeParkable(monotonicMs))
      this.#parkUntil(item, untilMs);
    this.#startWaiting(monotonicMs);
  }

  /** Takes out what was not started. */
  takeWaiting(): HeldTimer[] {
    return this.#destinations.takeWaiting();
  }

  /** Resolves when no attempt is under way. */
  allEnded(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#destinations.inFlight === 0) resolve();
      else this.#allEnded.push(resolve);
    });
  }

  /** Fails a timer without an attempt: there is none that could be made. */
  failUnstarted({ id, claim, dueMs }: ClaimedTimer, error: string): void {
    const { settles, clock, databaseClock } = this.#options;
    const finishedMs = databaseClock.at(clock.monotonicMs());
    const attempt = { dueMs, startedMs: null, finishedMs, statusCode: null };
    settles.failed({ id, claim, error, nextAttemptMs: null, ...attempt });
  }

  /** The last look before anything leaves: the claim may have become another's, and the timer may have expired. */
  #start(timer: HeldTimer, probe: boolean): void {
    const { clock, databaseClock, observer, transports, mayStart } = this.#options;
    const monotonicMs = clock.monotonicMs();
    const startedMs = databaseClock.at(monotonicMs);
    const { claimed } = timer;
    const expired = claimed.expiresAtMs !== null && claimed.expiresAtMs <= startedMs;
    if (!mayStart(monotonicMs) || expired) {
      this.#destinations.withdrawn(timer.destination, probe);
      if (expired) this.failUnstarted(claimed, 'expired: no attempt could start before expires_at');
      else this.#handBack(timer, null);
      return;
    }
    observer.started(startedMs - timer.dueMs);
    const { id: timerId, payload } = claimed;
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

  #ended(timer: HeldTimer, probe: boolean, monotonicMs: number, startedMs: number, outcome: Outcome): void {
    const { clock, observer, random, settles } = this.#options;
    const endedMonotonicMs = clock.monotonicMs();
    const durationMs = endedMonotonicMs - monotonicMs;
    const finishedMs = startedMs + durationMs;
    this.#destinations.ended(timer.destination, outcome, probe, endedMonotonicMs);
    observer.ended(outcome, durationMs);
    const { id, claim, dueMs, attempts, retry, executeAtMs, expiresAtMs } = timer.claimed;
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
      settles.delivered({ id, claim, startedMs, finishedMs });
    } else {
      const { statusCode } = outcome;
      const nextAttemptMs = step.kind === 'retry' ? step.atMs : null;
      const { error } = step;
      settles.failed({ id, claim, error, nextAttemptMs, dueMs, startedMs, finishedMs, statusCode });
    }
    this.#startWaitingSoon(endedMonotonicMs);
    if (this.#destinations.inFlight === 0) this.#tellAllEnded();
  }

  #startWaitingSoon(monotonicMs: number): void {
    this.#endedSinceStart += 1;
    const { inFlight, waiting } = this.#destinations;
    if (waiting === 0 || this.#endedSinceStart * BUNCH_SHARE >= inFlight) this.#startWaiting(monotonicMs);
    else
      this.#bunch ??= setTimeout(() => {
        this.#startWaiting(this.#options.clock.monotonicMs());
      }, BUNCH_MS);
  }

  #startWaiting(monotonicMs: number): void {
    clearTimeout(this.#bunch);
    this.#bunch = undefined;
    this.#endedSinceStart = 0;
    for (
      let next = this.#destinations.next(monotonicMs);
      next !== undefined;
      next = this.#destinations.next(monotonicMs)
    )
      this.#start(next, false);
    this.#options.roomMade();
  }

  #tellAllEnded(): void {
    const told = this.#allEnded;
    this.#allEnded = [];
    for (const tell of told) tell();
  }

  #parkUntil(timer: HeldTimer, untilMonotonicMs: number): void {
    const { observer, databaseClock } = this.#options;
    observer.parked(1);
    this.#handBack(timer, databaseClock.at(untilMonotonicMs));
  }

  #handBack({ claimed: { id, claim } }: HeldTimer, notBeforeMs: number | null): void {
    this.#options.settles.handBack({ id, claim, notBeforeMs });
  }
}
