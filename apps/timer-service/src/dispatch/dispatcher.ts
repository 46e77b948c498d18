import { matchCallback } from '@timer-platform/callback-types';
import type { Clock } from '../clock.ts';
import type { Transports } from '../transports/transport.ts';
import { AttemptRunner } from './deliver/attempt-runner.ts';
import { ClaimLoop } from './claim/claim-loop.ts';
import { DatabaseClock } from './database-clock.ts';
import type { DispatchObserver } from './observer.ts';
import type { DispatchSettings } from './settings.ts';
import type { DispatchStatements } from './statements.ts';
import { DelayQueue } from './claim/delay-queue.ts';
import { type DecryptHeaders, type ClaimedTimer, readTimer } from './claim/claimed-timer.ts';
import { Lease } from './lease/lease.ts';
import { SettleBatcher } from './settle/settle-batcher.ts';
import { OrphanedClaims } from './lease/orphaned-claims.ts';
import { Rescuer } from './lease/rescuer.ts';

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

/** Timers of one claim at most. */
const BATCH = 500;
/** How often timers that would wait too long in memory are parked in the table. */
const PARK_CHECK_MS = 250;
/** How long stopping waits for results to be written. */
const FLUSH_GRACE_MS = 5_000;

/** Resolves after this time, or at once when the signal is or becomes aborted. */
function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve();
      return;
    }
    const done = () => {
      clearTimeout(timeout);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timeout = setTimeout(done, ms);
    signal?.addEventListener('abort', done);
  });
}

/** Waits for something, but not longer than this. */
async function within(ms: number, done: Promise<void>): Promise<void> {
  const waited = new AbortController();
  await Promise.race([done, sleep(ms, waited.signal)]);
  waited.abort();
}

/**
 * Delivers timers: claims them shortly before they are due, holds them to the millisecond, makes the attempt and
 * settles what came of it. A timer's way: {@link ClaimLoop} → {@link DelayQueue} → {@link AttemptRunner} (destinations,
 * transport, next step) → {@link SettleBatcher}.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #databaseClock = new DatabaseClock();
  readonly #queue: DelayQueue<ClaimedTimer>;
  readonly #attemptRunner: AttemptRunner;
  readonly #settleBatcher: SettleBatcher;
  readonly #lease: Lease;
  readonly #claimLoop: ClaimLoop;
  /** Every claim whose end is not written yet, by the timer's id. */
  readonly #held = new Map<string, number>();
  readonly #orphans = new OrphanedClaims();
  #releaseInterval: NodeJS.Timeout | undefined;
  #starting: Promise<void> | undefined;
  #stopping = false;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    const { statements, transports, settings, clock, random, observer } = options;
    const databaseFailed = (error: unknown): void => {
      this.#orphans.databaseFailed();
      observer.databaseError(error);
    };
    this.#queue = new DelayQueue<ClaimedTimer>(
      {
        nowMs: () => this.#nowMs(),
        after: (ms, call) => {
          const timeout = setTimeout(call, Math.ceil(ms));
          return () => {
            clearTimeout(timeout);
          };
        },
      },
      (timer) => {
        this.#attemptRunner.due(timer);
      },
    );
    this.#settleBatcher = new SettleBatcher({
      statements,
      sleep,
      onWritten: ({ kind, size, lost, nextDueMs, items }) => {
        for (const { id, fencingToken } of items)
          if (this.#held.get(id) === fencingToken) this.#held.delete(id);
        observer.settled(kind, size, lost);
        if (nextDueMs !== null) this.#claimLoop.wake(nextDueMs);
        this.#claimLoop.capacityFreed();
      },
      onError: databaseFailed,
    });
    this.#attemptRunner = new AttemptRunner({
      limits: {
        maxInFlight: settings.maxInFlight,
        maxInFlightPerDestination: settings.maxInFlightPerDestination,
        maxWaitingAtFirst: 2 * BATCH,
      },
      transports,
      settles: this.#settleBatcher,
      clock,
      databaseClock: this.#databaseClock,
      random,
      observer,
      mayStart: (monotonicMs) => this.#lease.isValid(monotonicMs),
      capacityFreed: () => {
        this.#claimLoop.capacityFreed();
      },
    });
    const sweep = new Rescuer(statements, (recovered) => {
      observer.rescued(recovered);
      this.#claimLoop.pollEverything();
    });
    this.#lease = new Lease({
      clock,
      sleep,
      statements: {
        ...statements,
        rescue: async () => {
          await sweep.run(clock.monotonicMs());
          if (this.#orphans.isDue()) await this.#releaseOrphans();
        },
      },
      onSample: (sample) => {
        this.#databaseClock.observe(sample);
      },
      onReplaced: () => {
        observer.leaseLost();
      },
      onError: databaseFailed,
    });
    this.#claimLoop = new ClaimLoop({
      lookAheadMs: settings.lookAheadMs,
      batch: BATCH,
      nowMs: () => this.#nowMs(),
      mayClaim: () => this.#lease.isValid(clock.monotonicMs()),
      capacity: () => this.#capacity(),
      claim: (dueFromMs, limit) => this.#claim(dueFromMs, limit),
      onError: databaseFailed,
    });
  }

  /** Attempts under way, timers held until they are due or may start, and results not written yet; for metrics. */
  get load(): {
    readonly inFlight: number;
    readonly held: number;
    readonly waiting: number;
    readonly unsettled: number;
  } {
    const { inFlight, waiting } = this.#attemptRunner;
    return { inFlight, held: this.#queue.size, waiting, unsettled: this.#settleBatcher.size };
  }

  /** Destinations by the state of their circuit breaker; for metrics. */
  get breakerStates(): AttemptRunner['breakerStates'] {
    return this.#attemptRunner.breakerStates;
  }

  /** Resolves when the dispatcher is registered and claims timers; waits for the database as long as it takes. */
  start(): Promise<void> {
    this.#starting ??= this.#begin();
    return this.#starting;
  }

  async #begin(): Promise<void> {
    await this.#lease.start();
    // Asked to stop meanwhile: nothing that would have to be stopped again may begin.
    if (this.#stopping) return;
    this.#releaseInterval = setInterval(() => {
      this.#attemptRunner.releaseWaiting();
    }, PARK_CHECK_MS);
    this.#claimLoop.start();
  }

  /** A timer was stored or changed by this process and is due then, in milliseconds since 1970. */
  stored(dueMs: number): void {
    this.#claimLoop.wake(dueMs);
  }

  /** Timers were changed by this process, and it is not known when they are due. */
  changed(): void {
    this.#claimLoop.pollEverything();
  }

  /**
   * Stops claiming, hands back what was not started, waits for attempts under way (for the grace given, then gives them
   * up), writes every result and takes this dispatcher off the list. Idempotent.
   */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#lease.giveUpStarting();
    await this.#starting;
    await this.#claimLoop.stop();
    clearInterval(this.#releaseInterval);
    for (const { row } of [...this.#queue.takeAll(), ...this.#attemptRunner.takeWaiting()])
      this.#settleBatcher.release({ id: row.id, fencingToken: row.fencingToken, notBeforeMs: null });
    const { settings, transports } = this.#options;
    await within(settings.shutdownGraceMs, this.#attemptRunner.allEnded());
    await Promise.all([transports.http.close(), transports.nats.close()]);
    await within(FLUSH_GRACE_MS, this.#attemptRunner.allEnded());
    await within(FLUSH_GRACE_MS, this.#settleBatcher.written());
    await this.#lease.stop();
  }

  #nowMs(): number {
    return this.#databaseClock.at(this.#options.clock.monotonicMs());
  }

  /** Room for claims: everything held counts, so that memory stays bounded whatever is due. */
  #capacity(): { fresh: number; backlog: number } {
    const { inFlight, held, waiting, unsettled } = this.load;
    const capacity = 2 * this.#options.settings.maxInFlight + 2 * BATCH;
    const fresh = Math.max(0, capacity - inFlight - held - waiting - unsettled);
    return { fresh, backlog: Math.min(fresh, Math.max(0, BATCH - waiting - held)) };
  }

  async #claim(dueFromMs: number, limit: number) {
    const { statements, settings, clock, observer, transports, decryptHeaders } = this.#options;
    const dispatcherId = this.#lease.id;
    const sentMs = clock.monotonicMs();
    const result = await statements.claim({
      dispatcherId,
      lookAheadMs: settings.lookAheadMs,
      limit,
      dueFromMs,
    });
    this.#databaseClock.observe({ sentMs, receivedMs: clock.monotonicMs(), databaseMs: result.nowMs });
    if (!result.registered) this.#lease.replace();
    observer.claimed(result.rows.length);
    for (const { id, fencingToken } of result.rows) this.#held.set(id, fencingToken);
    const held: ClaimedTimer[] = [];
    for (const claimed of result.rows) {
      const read = readTimer(claimed, decryptHeaders, (callback) =>
        matchCallback(callback, {
          http: (http) => transports.http.destinationOf(http),
          nats: (nats) => transports.nats.destinationOf(nats),
        }),
      );
      if (read.kind === 'readable') held.push(read.timer);
      else this.#attemptRunner.failUnstarted(claimed, read.reason);
    }
    this.#queue.add(held);
    return result;
  }

  async #releaseOrphans(): Promise<void> {
    const { statements, observer } = this.#options;
    const recorded = await statements.listClaims(this.#lease.id);
    const strays = this.#orphans.check(recorded, this.#held);
    for (const { id, fencingToken } of strays)
      this.#settleBatcher.release({ id, fencingToken, notBeforeMs: null });
    if (strays.length === 0) return;
    observer.rescued({ returned: strays.length, failed: 0 });
    this.#claimLoop.pollEverything();
  }
}
