import type { CallbackType } from '@timer-platform/callback-types';
import type { ClaimedRow } from '@timer-platform/database';
import type { Clock } from '../../clock.ts';
import type { DatabaseTime, Timeline } from '../../timeline.ts';
import { REFUSED, retryable } from '../../transports/outcome.ts';
import type { Outcome, Transport, Transports } from '../../transports/transport.ts';
import type { ClaimedTimer } from '../claimed-timer.ts';
import type { HeldTimers } from '../held-timers.ts';
import type { Lease } from '../lease/lease.ts';
import type { DispatchObserver } from '../observer.ts';
import { nextStep } from '../settle/next-step.ts';
import type { SettleBatcher } from '../settle/settle-batcher.ts';
import type { SettleItem } from '../settle/settle-lane.ts';
import { Attempt, type AttemptOwner, type StartedAttempt } from './attempt.ts';
import { DestinationLimiter, type DestinationLoad, type Slot } from './destination-limiter.ts';
import { type OperatorSettings, ownLimits } from './destination-settings.ts';
import type { FlowLimits } from './fair-share.ts';
import { type StartProblem, startProblem } from './start-check.ts';
import { stepAfterWithdrawal } from './withdrawal.ts';

export interface AttemptRunnerOptions {
  readonly limits: FlowLimits;
  readonly transports: Transports;
  readonly settles: Pick<SettleBatcher, 'delivered' | 'failed' | 'release'>;
  readonly held: HeldTimers;
  readonly clock: Clock;
  /** Calls back once after this many milliseconds of the same time; returns a function that cancels the call. */
  readonly after: Timeline['after'];
  /** Of the process: leases are valid by it. */
  readonly leaseClock: Pick<Clock, 'monotonicMs'>;
  readonly databaseClock: DatabaseTime;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly observer: DispatchObserver;
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

/** What a settle names to end a claim. */
function claimOf({ lease, id, batchId, fencingToken, range }: SettleItem): SettleItem {
  return { lease, id, batchId, fencingToken, range };
}

/** Attempts to deliver due timers within the limits of {@link DestinationLimiter}, and settles the outcomes. */
export class AttemptRunner implements AttemptOwner {
  readonly #options: AttemptRunnerOptions;
  readonly #limiter: DestinationLimiter<ClaimedTimer>;
  /** Attempts that have ended since waiting timers were last started. */
  #endedSinceStart = 0;
  /** Attempts can end while they start. The loop that starts them must not start another. */
  #isStarting = false;
  #startTimeout: NodeJS.Timeout | undefined;
  /** The wake-up for the next timer whose destination has a rate. */
  #turn: { readonly atMs: number; readonly cancel: () => void } | undefined;
  #allEnded: (() => void)[] = [];

  constructor(options: AttemptRunnerOptions) {
    this.#options = options;
    this.#limiter = new DestinationLimiter(options.limits);
  }

  /** Attempts under way. */
  get inFlight(): number {
    return this.#limiter.inFlight;
  }

  /** Due timers that wait for a free slot. */
  get waiting(): number {
    return this.#limiter.waiting;
  }

  /** What this dispatcher does with each destination that it has used lately. */
  destinationLoads(): DestinationLoad[] {
    return this.#limiter.destinationLoads(this.#options.clock.monotonicMs());
  }

  /** The number of destinations by breaker state. */
  get breakerStates(): ReturnType<DestinationLimiter<ClaimedTimer>['breakerStates']> {
    return this.#limiter.breakerStates();
  }

  /** To be called when a timer is due. */
  due(timer: ClaimedTimer): void {
    const admission = this.#limiter.admit(timer, this.#options.clock.monotonicMs());
    switch (admission.kind) {
      case 'start':
        this.#start(timer, admission.slot);
        break;
      case 'wait':
        this.#setTurn();
        break;
      case 'defer':
        this.#defer(timer, admission.untilMs);
        break;
      case 'park':
        this.#park(timer);
        break;
    }
  }

  /** Takes over what operators have set. Attempts under way go on. */
  follow(settings: OperatorSettings): void {
    const monotonicMs = this.#options.clock.monotonicMs();
    for (const timer of this.#limiter.change(ownLimits(settings), monotonicMs)) this.due(timer);
    // Timers may wait for slots that a limit did not give them before.
    this.#startWaiting(monotonicMs);
  }

  /** Defers timers that would wait too long in memory; to be called a few times per second. */
  deferWaiting(): void {
    const monotonicMs = this.#options.clock.monotonicMs();
    for (const { item, untilMs } of this.#limiter.takeDeferrable(monotonicMs)) this.#defer(item, untilMs);
    this.#limiter.removeIdle(monotonicMs);
    this.#startWaiting(monotonicMs);
  }

  /** Releases all timers that wait. */
  releaseWaiting(): void {
    this.#clearTurn();
    for (const timer of this.#limiter.takeWaiting()) this.release(timer);
  }

  /** Resolves when no attempt is under way. */
  allEnded(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#limiter.inFlight === 0) resolve();
      else this.#allEnded.push(resolve);
    });
  }

  /** Ends the claim of a timer that was not started. */
  release(timer: ClaimedTimer): void {
    this.#options.held.dropped(timer);
    this.#release(timer, null, null);
  }

  /** Fails a timer that was not started and for which no attempt is possible. */
  failUnreadable(row: ClaimedRow, lease: Lease, error: string): void {
    this.#options.held.dropped(row);
    this.#options.observer.finished({
      id: row.id,
      status: 'failed',
      callbackType: null,
      destination: null,
      error,
      attempts: row.attempts,
      latenessMs: null,
      finishedMs: this.#databaseMs(),
    });
    this.#failWithoutAttempt({ ...row, lease }, error);
  }

  mayStart(timer: ClaimedTimer): boolean {
    const { clock, leaseClock, databaseClock } = this.#options;
    const nowMs = databaseClock.at(clock.monotonicMs());
    return startProblem(timer, leaseClock.monotonicMs(), nowMs) === undefined;
  }

  #start(timer: ClaimedTimer, slot: Slot<ClaimedTimer>): void {
    const { clock, leaseClock, databaseClock, observer, transports, held } = this.#options;
    const monotonicMs = clock.monotonicMs();
    const started = { monotonicMs, databaseMs: databaseClock.at(monotonicMs) };
    held.started(timer);
    const problem = startProblem(timer, leaseClock.monotonicMs(), started.databaseMs);
    if (problem === undefined) observer.started(started.databaseMs - timer.dueSinceMs);
    const { callback } = timer;
    // Not matchCallback: its functions would be made anew for each attempt.
    switch (callback.type) {
      case 'http':
        this.#run(transports.http, new Attempt(this, timer, slot, callback, started), problem);
        break;
      case 'nats':
        this.#run(transports.nats, new Attempt(this, timer, slot, callback, started), problem);
        break;
    }
  }

  #run<Type extends CallbackType>(
    transport: Transport<Type>,
    attempt: Attempt<Type>,
    problem: StartProblem | undefined,
  ): void {
    if (problem !== undefined) {
      attempt.ended(REFUSED);
      return;
    }
    try {
      transport.send(attempt);
    } catch (error) {
      this.#options.observer.defect(error, attempt.timer.id);
      attempt.ended(DEFECT);
    }
  }

  attemptEnded(attempt: StartedAttempt, outcome: Outcome): void {
    const { clock, observer, held } = this.#options;
    const { timer, slot } = attempt;
    const monotonicMs = clock.monotonicMs();
    const durationMs = monotonicMs - attempt.startedMonotonicMs;
    held.ended(timer);
    this.#limiter.ended(slot, outcome, monotonicMs);
    if (outcome.kind === 'withdrawn') this.#withdrawn(timer, outcome, monotonicMs);
    else this.#settle(attempt, outcome, attempt.startedMs + durationMs);
    observer.ended(outcome, durationMs, timer.destination.name);
    this.#startWaitingSoon(monotonicMs);
    if (this.#limiter.inFlight === 0) this.#resolveAllEnded();
  }

  #settle(
    { timer, startedMs }: StartedAttempt,
    outcome: Exclude<Outcome, { kind: 'withdrawn' }>,
    finishedMs: number,
  ): void {
    const { observer, random, settles } = this.#options;
    const { retry, dueMs } = timer;
    const step = nextStep({
      outcome,
      attemptsBefore: timer.attempts,
      retry,
      retryFromMs: timer.retryFromMs,
      expiresAtMs: timer.expiresAtMs,
      nowMs: finishedMs,
      random: random(),
    });
    const claim = claimOf(timer);
    const finished = {
      id: timer.id,
      callbackType: timer.callback.type,
      destination: timer.destination.name,
      attempts: timer.attempts + 1,
      latenessMs: startedMs - timer.dueSinceMs,
      finishedMs,
    };
    if (step.kind === 'complete') {
      observer.finished({ ...finished, status: 'completed', error: null });
      settles.delivered({ ...claim, startedMs, finishedMs });
      return;
    }
    const { error } = step;
    if (step.kind === 'fail') observer.finished({ ...finished, status: 'failed', error });
    else observer.retried({ ...finished, status: 'retried', error });
    const nextAttemptMs = step.kind === 'retry' ? step.atMs : null;
    const { statusCode } = outcome;
    settles.failed({ ...claim, error, nextAttemptMs, dueMs, startedMs, finishedMs, statusCode });
  }

  #withdrawn(
    timer: ClaimedTimer,
    outcome: Extract<Outcome, { kind: 'withdrawn' }>,
    monotonicMs: number,
  ): void {
    const { databaseClock, leaseClock, observer } = this.#options;
    const nowMs = databaseClock.at(monotonicMs);
    const { callback, destination } = timer;
    const step = stepAfterWithdrawal(
      outcome,
      startProblem(timer, leaseClock.monotonicMs(), nowMs),
      nowMs - timer.dueSinceMs,
    );
    if (step.kind === 'release') {
      const notBeforeMs = step.delayMs === 0 ? null : nowMs + step.delayMs;
      this.#release(timer, notBeforeMs, step.reason);
      return;
    }
    const { error } = step;
    observer.finished({
      id: timer.id,
      status: 'failed',
      callbackType: callback.type,
      destination: destination.name,
      error,
      attempts: timer.attempts,
      latenessMs: null,
      finishedMs: nowMs,
    });
    this.#failWithoutAttempt(timer, error);
  }

  #failWithoutAttempt(claim: SettleItem, error: string): void {
    const { settles } = this.#options;
    const finishedMs = this.#databaseMs();
    const attempt = { nextAttemptMs: null, dueMs: finishedMs, startedMs: null, finishedMs, statusCode: null };
    settles.failed({ ...claimOf(claim), error, ...attempt });
  }

  #databaseMs(): number {
    const { clock, databaseClock } = this.#options;
    return databaseClock.at(clock.monotonicMs());
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
    if (this.#isStarting) return;
    this.#isStarting = true;
    for (
      let next = this.#limiter.next(monotonicMs);
      next !== undefined;
      next = this.#limiter.next(monotonicMs)
    )
      this.#start(next.item, next.slot);
    this.#isStarting = false;
    this.#setTurn();
    this.#options.capacityFreed();
  }

  /** Sets the wake-up for timers that wait because of a rate, unless an earlier one is set. Nothing to do for others. */
  #setTurn(): void {
    const { after, clock } = this.#options;
    const nowMs = clock.monotonicMs();
    const atMs = this.#limiter.nextTurnMs(nowMs);
    if (atMs >= (this.#turn?.atMs ?? Number.POSITIVE_INFINITY)) return;
    this.#clearTurn();
    // It may come a fraction of a millisecond early: it is then set again.
    const cancel = after(atMs - nowMs, () => {
      this.#turn = undefined;
      this.#startWaiting(clock.monotonicMs());
    });
    this.#turn = { atMs, cancel };
  }

  #clearTurn(): void {
    this.#turn?.cancel();
    this.#turn = undefined;
  }

  #resolveAllEnded(): void {
    const resolvers = this.#allEnded;
    this.#allEnded = [];
    for (const resolve of resolvers) resolve();
  }

  #defer(timer: ClaimedTimer, untilMonotonicMs: number): void {
    const { observer, databaseClock, held } = this.#options;
    observer.deferred(1);
    held.dropped(timer);
    this.#release(timer, databaseClock.at(untilMonotonicMs), null);
  }

  /** The timer waits in the table until its destination is resumed. */
  #park(timer: ClaimedTimer): void {
    const { held, settles } = this.#options;
    held.dropped(timer);
    const unchanged = { notBeforeMs: null, reason: null };
    settles.release({ ...claimOf(timer), ...unchanged, pausedFor: timer.destination.name });
  }

  #release(timer: ClaimedTimer, notBeforeMs: number | null, reason: string | null): void {
    this.#options.settles.release({ ...claimOf(timer), notBeforeMs, reason, pausedFor: null });
  }
}
