import type { Clock } from '../clock.ts';
import { sleep, waitAtMost } from '../sleep.ts';
import type { Timeline } from '../timeline.ts';
import { closeTransports } from '../transports/close-transports.ts';
import type { Transports } from '../transports/transport.ts';
import { BatchKeeper } from './claim/batch-keeper.ts';
import { MAX_BACKLOG, MAX_HELD_BYTES, MAX_RECENT } from './claim/claim-capacity.ts';
import { ClaimLoop } from './claim/claim-loop.ts';
import { Claimer } from './claim/claimer.ts';
import { DelayQueue } from './claim/delay-queue.ts';
import { LiveBatches } from './claim/live-batches.ts';
import type { ClaimedTimer } from './claimed-timer.ts';
import { AttemptRunner } from './deliver/attempt-runner.ts';
import { ParkedTimers } from './deliver/parked-timers.ts';
import { SettingsWatch } from './deliver/settings-watch.ts';
import { HeldTimers } from './held-timers.ts';
import { LeaseKeeper } from './lease/lease-keeper.ts';
import { PeerWatch } from './lease/peer-watch.ts';
import { Rescuer } from './lease/rescuer.ts';
import type { DispatchObserver } from './observer.ts';
import { processTimeline } from './process-timeline.ts';
import type { DispatchSettings } from './settings.ts';
import { SettleBatcher } from './settle/settle-batcher.ts';
import type { DispatchStatements } from './statements.ts';
import type { DecryptHeaders } from './stored-callback.ts';

export interface DispatcherOptions {
  readonly statements: DispatchStatements;
  readonly transports: Transports;
  readonly decryptHeaders: DecryptHeaders;
  readonly settings: DispatchSettings;
  /** Of the process. */
  readonly clock: Clock;
  /** By default that of the process. */
  readonly timeline?: Timeline;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly observer: DispatchObserver;
}

/** Due timers that wait in memory for a free slot. One route may use half, or as many as it completes soon. */
const MAX_WAITING = MAX_RECENT + MAX_BACKLOG;
/** How often timers that would wait too long in memory are deferred. */
const DEFER_CHECK_MS = 250;
/** How long stopping waits for the database, in total. */
const FLUSH_GRACE_MS = 5_000;
/** Without a poll that succeeded for this long, something is wrong. */
const LONGEST_GAP_MS = 10_000;

/**
 * Delivers timers. This class only connects the parts, in the order in which a timer passes them: {@link ClaimLoop} polls
 * and {@link Claimer} claims, {@link DelayQueue} waits for the due instant, {@link AttemptRunner} delivers,
 * {@link SettleBatcher} writes the result. {@link SettingsWatch} reads what operators have set, and {@link ParkedTimers}
 * returns what waited for it. {@link LeaseKeeper} decides whether this dispatcher may do so, and
 * {@link BatchKeeper} keeps the rows of its claims true.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #leaseKeeper: LeaseKeeper;
  readonly #batchKeeper: BatchKeeper;
  readonly #claimLoop: ClaimLoop;
  readonly #claimer: Claimer;
  readonly #queue: DelayQueue<ClaimedTimer>;
  readonly #attemptRunner: AttemptRunner;
  readonly #settleBatcher: SettleBatcher;
  readonly #settingsWatch: SettingsWatch;
  readonly #parkedTimers: ParkedTimers;
  #deferInterval: NodeJS.Timeout | undefined;
  #starting: Promise<void> | undefined;
  #stopping = false;

  constructor(options: DispatcherOptions) {
    const { statements, transports, decryptHeaders, settings, clock, random, observer } = options;
    const { timeline = processTimeline(clock) } = options;
    const { lookAheadMs, maxInFlight, maxInFlightPerDestination } = settings;
    const { databaseClock } = timeline;
    const monotonicMs = () => clock.monotonicMs();
    const databaseMs = () => databaseClock.at(timeline.clock.monotonicMs());
    const batches = new LiveBatches();
    const held = new HeldTimers();
    const peerWatch = new PeerWatch();

    const batchKeeper: BatchKeeper = new BatchKeeper({
      statements,
      batches,
      monotonicMs,
      lease: () => leaseKeeper.lease,
      claimUnderWaySinceMs: () => claimer.underWaySinceMs,
      onReleased: (timers) => {
        observer.orphansReleased(timers);
        claimLoop.wake();
      },
      onError: (error) => {
        observer.databaseError(error);
      },
    });
    const onError = (error: unknown) => {
      batchKeeper.databaseFailed();
      observer.databaseError(error);
    };
    const claimLoop = new ClaimLoop({ lookAheadMs, clock, databaseMs, onError });
    const settleBatcher = new SettleBatcher({
      statements,
      sleep,
      onError,
      onWritten: ({ kind, items, lost, nextDueMs }) => {
        for (const { batchId, id } of items) batches.ended(batchId, id);
        batchKeeper.claimsEnded();
        observer.settled(kind, items.length, lost);
        if (nextDueMs !== null) claimLoop.wake(nextDueMs);
        claimLoop.capacityFreed();
      },
    });
    const rescuer = new Rescuer({
      statements,
      onRescued: (result) => {
        observer.rescued(result);
        claimLoop.wake();
      },
      onError,
    });
    const leaseKeeper = new LeaseKeeper({
      statements,
      clock,
      sleep,
      onSample: (sample) => {
        databaseClock.observe(sample);
      },
      onRenewed: (_, peers, nowMs) => {
        rescuer.run(peerWatch.observe(peers, nowMs), nowMs);
      },
      onLost: (lease) => {
        batches.lost(lease);
        observer.leaseLost();
      },
      onError,
    });
    const attemptRunner = new AttemptRunner({
      limits: { maxInFlight, maxInFlightPerDestination, maxWaiting: MAX_WAITING, maxBytes: MAX_HELD_BYTES },
      transports,
      settles: settleBatcher,
      held,
      clock: timeline.clock,
      after: (ms, call) => timeline.after(ms, call),
      leaseClock: clock,
      databaseClock,
      random,
      observer,
      capacityFreed: () => {
        claimLoop.capacityFreed();
      },
    });
    const queue = new DelayQueue<ClaimedTimer>(
      { nowMs: databaseMs, after: (ms, call) => timeline.after(ms, call) },
      (timer) => {
        attemptRunner.due(timer);
      },
      (one, other) => (one.id < other.id ? -1 : 1),
    );
    const claimer = new Claimer({
      statements,
      lookAheadMs,
      clock,
      databaseClock,
      databaseMs,
      leaseKeeper,
      batches,
      held,
      unwritten: settleBatcher,
      queue,
      attemptRunner,
      transports,
      decryptHeaders,
      observer,
    });
    const parkedTimers = new ParkedTimers({
      statements,
      monotonicMs,
      onReturned: () => {
        claimLoop.wake();
      },
      onError,
    });
    this.#settingsWatch = new SettingsWatch({
      statements,
      leaseId: () => leaseKeeper.lease.id,
      monotonicMs,
      onSettings: (operatorSettings) => {
        attemptRunner.follow(operatorSettings);
        parkedTimers.follow(operatorSettings);
      },
      onError: (error) => {
        observer.databaseError(error);
      },
    });
    this.#parkedTimers = parkedTimers;
    this.#claimer = claimer;
    this.#options = options;
    this.#leaseKeeper = leaseKeeper;
    this.#batchKeeper = batchKeeper;
    this.#claimLoop = claimLoop;
    this.#queue = queue;
    this.#attemptRunner = attemptRunner;
    this.#settleBatcher = settleBatcher;
  }

  /** Attempts under way, timers queued until due, due timers waiting to start, unwritten settles; for metrics. */
  get load(): {
    readonly inFlight: number;
    readonly queued: number;
    readonly waiting: number;
    readonly unsettled: number;
  } {
    const { inFlight, waiting } = this.#attemptRunner;
    return { inFlight, queued: this.#queue.size, waiting, unsettled: this.#settleBatcher.size };
  }

  /** The id of its lease. */
  get id(): string {
    return this.#leaseKeeper.lease.id;
  }

  /** What this dispatcher does with each destination that it has used lately. */
  destinationLoads(): ReturnType<AttemptRunner['destinationLoads']> {
    return this.#attemptRunner.destinationLoads();
  }

  /** The number of destinations by breaker state; for metrics. */
  get breakerStates(): AttemptRunner['breakerStates'] {
    return this.#attemptRunner.breakerStates;
  }

  /** Why this dispatcher delivers nothing now; undefined: it does. */
  get problem(): string | undefined {
    const nowMs = this.#options.clock.monotonicMs();
    if (!this.#leaseKeeper.lease.isValid(nowMs)) return 'the dispatcher holds no lease';
    return nowMs - this.#claimLoop.lastSuccessMs > LONGEST_GAP_MS
      ? 'the dispatcher cannot claim timers'
      : undefined;
  }

  /** Resolves when the dispatcher has its lease and claims timers; waits until the database is available. */
  start(): Promise<void> {
    this.#starting ??= this.#begin();
    return this.#starting;
  }

  async #begin(): Promise<void> {
    await this.#leaseKeeper.start();
    // Nothing may start for a destination that is paused.
    await this.#settingsWatch.start();
    // stop() was called in the meantime.
    if (this.#stopping) return;
    this.#parkedTimers.start();
    this.#deferInterval = setInterval(() => {
      this.#attemptRunner.deferWaiting();
    }, DEFER_CHECK_MS);
    this.#batchKeeper.start();
    this.#claimLoop.start(this.#claimer);
  }

  /**
   * To be called when a timer was stored or changed.
   *
   * @param dueMs its due instant, in milliseconds since 1970; undefined: not known
   */
  wake(dueMs?: number): void {
    this.#claimLoop.wake(dueMs);
  }

  /** Writes the results of all attempts that have ended, without waiting for more of them. */
  async flush(): Promise<void> {
    await this.#settleBatcher.written();
  }

  /**
   * Stops claiming, releases timers that were not started, waits up to `shutdownGraceMs` for attempts under way and
   * withdraws the rest, writes all settles and gives up the lease. Takes at most {@link FLUSH_GRACE_MS} longer, also if
   * the database does not respond. Idempotent.
   */
  async stop(): Promise<void> {
    const { clock, settings, transports } = this.#options;
    this.#stopping = true;
    this.#leaseKeeper.abandonStart();
    const settingsKnown = this.#settingsWatch.stop();
    await this.#starting;
    clearInterval(this.#deferInterval);
    const claimsEnded = this.#claimLoop.stop();
    const releaseUnstarted = () => {
      for (const timer of this.#queue.takeAll()) this.#attemptRunner.release(timer);
      this.#attemptRunner.releaseWaiting();
    };
    releaseUnstarted();
    await waitAtMost(settings.shutdownGraceMs, this.#attemptRunner.allEnded());
    await closeTransports(transports);
    const deadlineMs = clock.monotonicMs() + FLUSH_GRACE_MS;
    const finish = (work: Promise<void>) => waitAtMost(Math.max(0, deadlineMs - clock.monotonicMs()), work);
    await finish(Promise.all([settingsKnown, this.#parkedTimers.stop()]).then(() => undefined));
    await finish(claimsEnded);
    // A claim was under way.
    releaseUnstarted();
    await finish(this.#attemptRunner.allEnded());
    await finish(this.#settleBatcher.written());
    await finish(this.#batchKeeper.stop());
    await finish(this.#leaseKeeper.stop());
  }
}
