import { matchCallback } from '@timer-platform/callback-types';
import type { Clock } from '../clock.ts';
import type { Transports } from '../transports/transport.ts';
import { Attempts } from './deliver/attempts.ts';
import { ClaimLoop } from './claim/claim-loop.ts';
import { DatabaseClock } from './database-clock.ts';
import type { DispatchObserver } from './dispatch-observer.ts';
import type { DispatchSettings } from './dispatch-settings.ts';
import type { DispatchStatements } from './dispatch-statements.ts';
import { DueQueue } from './claim/due-queue.ts';
import { type DecryptHeaders, type HeldTimer, readTimer } from './claim/held-timer.ts';
import { Registration } from './lease/registration.ts';
import { SettleBuffer } from './settle/settle-buffer.ts';
import { StrayClaims } from './lease/stray-claims.ts';
import { Sweep } from './lease/sweep.ts';

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
 * settles what came of it. A timer's way: {@link ClaimLoop} → {@link DueQueue} → {@link Attempts} (destinations,
 * transport, next step) → {@link SettleBuffer}.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #databaseClock = new DatabaseClock();
  readonly #queue: DueQueue<HeldTimer>;
  readonly #attempts: Attempts;
  readonly #settles: SettleBuffer;
  readonly #registration: Registration;
  readonly #loop: ClaimLoop;
  /** Every claim whose end is not written yet, by the timer's id. */
  readonly #held = new Map<string, number>();
  readonly #strays = new StrayClaims();
  #parkCheck: NodeJS.Timeout | undefined;
  #starting: Promise<void> | undefined;
  #stopping = false;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    const { statements, transports, settings, clock, random, observer } = options;
    const databaseFailed = (error: unknown): void => {
      this.#strays.databaseFailed();
      observer.databaseError(error);
    };
    this.#queue = new DueQueue<HeldTimer>(
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
        this.#attempts.due(timer);
      },
    );
    this.#settles = new SettleBuffer({
      statements,
      sleep,
      onWritten: ({ kind, size, lost, nextDueMs, claims }) => {
        for (const { id, claim } of claims) if (this.#held.get(id) === claim) this.#held.delete(id);
        observer.settled(kind, size, lost);
        if (nextDueMs !== null) this.#loop.stored(nextDueMs);
        this.#loop.roomMade();
      },
      onError: databaseFailed,
    });
    this.#attempts = new Attempts({
      limits: {
        maxInFlight: settings.maxInFlight,
        maxInFlightPerDestination: settings.maxInFlightPerDestination,
        maxWaitingAtFirst: 2 * BATCH,
      },
      transports,
      settles: this.#settles,
      clock,
      databaseClock: this.#databaseClock,
      random,
      observer,
      mayStart: (monotonicMs) => this.#registration.isValid(monotonicMs),
      roomMade: () => {
        this.#loop.roomMade();
      },
    });
    const sweep = new Sweep(statements, (recovered) => {
      observer.recovered(recovered);
      this.#loop.lookAtEverything();
    });
    this.#registration = new Registration({
      clock,
      sleep,
      statements: {
        ...statements,
        sweep: async () => {
          await sweep.run(clock.monotonicMs());
          if (this.#strays.isDue()) await this.#handBackStrays();
        },
      },
      onSample: (sample) => {
        this.#databaseClock.observe(sample);
      },
      onReplaced: () => {
        observer.replaced();
      },
      onError: databaseFailed,
    });
    this.#loop = new ClaimLoop({
      lookAheadMs: settings.lookAheadMs,
      batch: BATCH,
      nowMs: () => this.#nowMs(),
      mayClaim: () => this.#registration.isValid(clock.monotonicMs()),
      room: () => this.#room(),
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
    const { inFlight, waiting } = this.#attempts;
    return { inFlight, held: this.#queue.size, waiting, unsettled: this.#settles.size };
  }

  /** Destinations by the state of their circuit breaker; for metrics. */
  get breakerStates(): Attempts['breakerStates'] {
    return this.#attempts.breakerStates;
  }

  /** Resolves when the dispatcher is registered and claims timers; waits for the database as long as it takes. */
  start(): Promise<void> {
    this.#starting ??= this.#begin();
    return this.#starting;
  }

  async #begin(): Promise<void> {
    await this.#registration.start();
    // Asked to stop meanwhile: nothing that would have to be stopped again may begin.
    if (this.#stopping) return;
    this.#parkCheck = setInterval(() => {
      this.#attempts.park();
    }, PARK_CHECK_MS);
    this.#loop.start();
  }

  /** A timer was stored or changed by this process and is due then, in milliseconds since 1970. */
  stored(dueMs: number): void {
    this.#loop.stored(dueMs);
  }

  /** Timers were changed by this process, and it is not known when they are due. */
  changed(): void {
    this.#loop.lookAtEverything();
  }

  /**
   * Stops claiming, hands back what was not started, waits for attempts under way (for the grace given, then gives them
   * up), writes every result and takes this dispatcher off the list. Idempotent.
   */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#registration.giveUpStarting();
    await this.#starting;
    await this.#loop.stop();
    clearInterval(this.#parkCheck);
    for (const { claimed } of [...this.#queue.takeAll(), ...this.#attempts.takeWaiting()])
      this.#settles.handBack({ id: claimed.id, claim: claimed.claim, notBeforeMs: null });
    const { settings, transports } = this.#options;
    await within(settings.shutdownGraceMs, this.#attempts.allEnded());
    await Promise.all([transports.http.close(), transports.nats.close()]);
    await within(FLUSH_GRACE_MS, this.#attempts.allEnded());
    await within(FLUSH_GRACE_MS, this.#settles.written());
    await this.#registration.stop();
  }

  #nowMs(): number {
    return this.#databaseClock.at(this.#options.clock.monotonicMs());
  }

  /** Room for claims: everything held counts, so that memory stays bounded whatever is due. */
  #room(): { fresh: number; backlog: number } {
    const { inFlight, held, waiting, unsettled } = this.load;
    const capacity = 2 * this.#options.settings.maxInFlight + 2 * BATCH;
    const fresh = Math.max(0, capacity - inFlight - held - waiting - unsettled);
    return { fresh, backlog: Math.min(fresh, Math.max(0, BATCH - waiting - held)) };
  }

  async #claim(dueFromMs: number, limit: number) {
    const { statements, settings, clock, observer, transports, decryptHeaders } = this.#options;
    const dispatcherId = this.#registration.id;
    const sentMs = clock.monotonicMs();
    const result = await statements.claim({
      dispatcherId,
      lookAheadMs: settings.lookAheadMs,
      limit,
      dueFromMs,
    });
    this.#databaseClock.observe({ sentMs, receivedMs: clock.monotonicMs(), databaseMs: result.nowMs });
    if (!result.registered) this.#registration.replace();
    observer.claimed(result.timers.length);
    for (const { id, claim } of result.timers) this.#held.set(id, claim);
    const held: HeldTimer[] = [];
    for (const claimed of result.timers) {
      const read = readTimer(claimed, decryptHeaders, (callback) =>
        matchCallback(callback, {
          http: (http) => transports.http.destinationOf(http),
          nats: (nats) => transports.nats.destinationOf(nats),
        }),
      );
      if (read.kind === 'held') held.push(read.timer);
      else this.#attempts.failUnstarted(claimed, read.reason);
    }
    this.#queue.add(held);
    return result;
  }

  async #handBackStrays(): Promise<void> {
    const { statements, observer } = this.#options;
    const recorded = await statements.listClaims(this.#registration.id);
    const strays = this.#strays.looked(recorded, this.#held);
    for (const { id, claim } of strays) this.#settles.handBack({ id, claim, notBeforeMs: null });
    if (strays.length === 0) return;
    observer.recovered({ returned: strays.length, failed: 0 });
    this.#loop.lookAtEverything();
  }
}
