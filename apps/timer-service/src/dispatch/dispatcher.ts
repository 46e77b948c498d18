import type { Clock } from '../clock.ts';
import { sleep, waitAtMost } from '../sleep.ts';
import { closeTransports } from '../transports/close-transports.ts';
import type { Transports } from '../transports/transport.ts';
import { ClaimLoop } from './claim/claim-loop.ts';
import { CLAIM_BATCH, Claimer } from './claim/claimer.ts';
import { DelayQueue, timeoutAlarm } from './claim/delay-queue.ts';
import type { ClaimedTimer, DecryptHeaders } from './claimed-timer.ts';
import { DatabaseClock } from './database-clock.ts';
import { AttemptRunner } from './deliver/attempt-runner.ts';
import { Lease } from './lease/lease.ts';
import { OrphanedClaims } from './lease/orphaned-claims.ts';
import { Rescuer } from './lease/rescuer.ts';
import type { DispatchObserver } from './observer.ts';
import type { DispatchSettings } from './settings.ts';
import { SettleBatcher } from './settle/settle-batcher.ts';
import type { DispatchStatements } from './statements.ts';

export interface DispatcherOptions {
  readonly statements: DispatchStatements;
  readonly transports: Transports;
  readonly decryptHeaders: DecryptHeaders;
  readonly settings: DispatchSettings;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly observer: DispatchObserver;
}

/** How often timers that would wait too long in memory are deferred. */
const RELEASE_CHECK_MS = 250;
/** How long stopping waits for settles to be written. */
const FLUSH_GRACE_MS = 5_000;

/**
 * Delivers timers. This class only connects the parts, in the order in which a timer passes them: {@link ClaimLoop}
 * polls and claims, {@link DelayQueue} waits for the due instant, {@link AttemptRunner} delivers, {@link SettleBatcher}
 * writes the result. {@link Lease} decides whether this dispatcher may do so.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #lease: Lease;
  readonly #claimLoop: ClaimLoop;
  readonly #claimer: Claimer;
  readonly #queue: DelayQueue<ClaimedTimer>;
  readonly #attemptRunner: AttemptRunner;
  readonly #settleBatcher: SettleBatcher;
  #releaseInterval: NodeJS.Timeout | undefined;
  #starting: Promise<void> | undefined;
  #stopping = false;

  constructor(options: DispatcherOptions) {
    const { statements, transports, decryptHeaders, settings, clock, random, observer } = options;
    const { lookAheadMs, maxInFlight, maxInFlightPerDestination } = settings;
    const databaseClock = new DatabaseClock();
    const nowMs = () => databaseClock.at(clock.monotonicMs());
    const orphans = new OrphanedClaims();
    const onError = (error: unknown) => {
      orphans.databaseFailed();
      observer.databaseError(error);
    };

    const claimLoop = new ClaimLoop({ lookAheadMs, batch: CLAIM_BATCH, nowMs, onError });
    const settleBatcher = new SettleBatcher({
      statements,
      sleep,
      onError,
      onWritten: ({ kind, items, lost, nextDueMs }) => {
        orphans.settled(items);
        observer.settled(kind, items.length, lost);
        if (nextDueMs !== null) claimLoop.wake(nextDueMs);
        claimLoop.capacityFreed();
      },
    });
    const rescuer = new Rescuer({
      statements,
      orphans,
      settleBatcher,
      monotonicMs: () => clock.monotonicMs(),
      onRescued: (result) => {
        observer.rescued(result);
        claimLoop.wake();
      },
    });
    const lease = new Lease({
      statements: { ...statements, rescue: (id) => rescuer.run(id) },
      clock,
      sleep,
      onError,
      onSample: (sample) => {
        databaseClock.observe(sample);
      },
      onExpired: () => {
        observer.leaseLost();
      },
    });
    const attemptRunner = new AttemptRunner({
      limits: { maxInFlight, maxInFlightPerDestination, maxWaitingAtFirst: 2 * CLAIM_BATCH },
      transports,
      settles: settleBatcher,
      clock,
      databaseClock,
      random,
      observer,
      mayStart: (monotonicMs) => lease.isValid(monotonicMs),
      capacityFreed: () => {
        claimLoop.capacityFreed();
      },
    });
    const queue = new DelayQueue<ClaimedTimer>(timeoutAlarm(nowMs), (timer) => {
      attemptRunner.due(timer);
    });
    this.#claimer = new Claimer({
      claim: statements.claim,
      lookAheadMs,
      maxInFlight,
      clock,
      databaseClock,
      lease,
      orphans,
      queue,
      attemptRunner,
      settleBatcher,
      transports,
      decryptHeaders,
      observer,
    });
    this.#options = options;
    this.#lease = lease;
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

  /** The number of destinations by breaker state; for metrics. */
  get breakerStates(): AttemptRunner['breakerStates'] {
    return this.#attemptRunner.breakerStates;
  }

  /** Resolves when the dispatcher has its lease and claims timers; waits until the database is available. */
  start(): Promise<void> {
    this.#starting ??= this.#begin();
    return this.#starting;
  }

  async #begin(): Promise<void> {
    await this.#lease.start();
    // stop() was called in the meantime.
    if (this.#stopping) return;
    this.#releaseInterval = setInterval(() => {
      this.#attemptRunner.releaseWaiting();
    }, RELEASE_CHECK_MS);
    this.#claimLoop.start(this.#claimer);
  }

  /**
   * To be called when this process has stored or changed a timer.
   *
   * @param dueMs its due instant, in milliseconds since 1970; undefined: not known
   */
  wake(dueMs?: number): void {
    this.#claimLoop.wake(dueMs);
  }

  /**
   * Stops claiming, releases timers that were not started, waits up to `shutdownGraceMs` for attempts under way and
   * aborts the rest, writes all settles and gives up the lease. Idempotent.
   */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#lease.abortStart();
    await this.#starting;
    await this.#claimLoop.stop();
    clearInterval(this.#releaseInterval);
    for (const { row } of [...this.#queue.takeAll(), ...this.#attemptRunner.takeWaiting()])
      this.#settleBatcher.release({ id: row.id, fencingToken: row.fencingToken, notBeforeMs: null });
    const { settings, transports } = this.#options;
    await waitAtMost(settings.shutdownGraceMs, this.#attemptRunner.allEnded());
    await closeTransports(transports);
    await waitAtMost(FLUSH_GRACE_MS, this.#attemptRunner.allEnded());
    await waitAtMost(FLUSH_GRACE_MS, this.#settleBatcher.written());
    await this.#lease.stop();
  }
}
