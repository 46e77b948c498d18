import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DispatchObserver, Service } from '@timer-platform/timer-service';
import type { Activity } from './activity.ts';
import type { KitStatements, UpcomingTimer } from './kit-statements.ts';
import type { VirtualTimeline } from './virtual-timeline.ts';

/** What the time waits for, besides the dispatcher. */
export interface Surroundings {
  /** Requests to the API under way. */
  readonly apiRequests: () => number;
  /** Attempts whose responses wait for virtual time. */
  readonly held: () => number;
  /** Whether one of them is an attempt at this timer. */
  readonly isHeld: (timerId: string) => boolean;
  /** When the first of them goes on. */
  readonly nextHeldMs: () => number;
  /** Resolves when the kit has received every NATS message that was published. */
  readonly drainNats: () => Promise<void>;
  /** Waits for what the test wants to be waited for; undefined: for nothing. */
  readonly settle: (() => Promise<void>) | undefined;
  /** Whether nothing of the test notices this delivery, so that nothing can change what is due next. */
  readonly isQuiet: (timer: UpcomingTimer) => boolean;
  /** The time has changed. */
  readonly onTime: (nowMs: number) => void;
}

export interface TimeTravelOptions {
  readonly timeline: VirtualTimeline;
  readonly statements: KitStatements;
  readonly activity: Activity;
  readonly surroundings: Surroundings;
  /** Real time without any progress, in milliseconds, after which a move fails. */
  readonly settleTimeoutMs: number;
}

/** Timers that are delivered from memory one after the other, and the most that a claim takes. */
const MAX_RUN = 500;
/** Timers that are looked at when deliveries run code of the test. */
const FEW = 20;
/** After this, it is checked why a claim does not come: the timers may have been changed. In real milliseconds. */
const CLAIM_WAIT_MS = 250;
const MAX_LISTED = 10;

/** What comes after an instant. */
interface Upcoming {
  readonly upcoming: readonly UpcomingTimer[];
  readonly nextScheduleMs: number;
}

/** The time could not be moved. */
export class SettleError extends Error {
  override readonly name = 'SettleError';
}

/**
 * Moves the time of the database and of the dispatcher from one due instant to the next, and waits at each until
 * everything that is due was delivered and settled.
 *
 * A run of deliveries that nothing of the test notices is claimed at once: the database's clock is moved to the last of
 * them, and that of the dispatcher, which decides when each is due, from one to the next.
 */
export class TimeTravel {
  readonly #options: TimeTravelOptions;
  #service: Pick<Service, 'dispatcher' | 'materializer'> | undefined;
  #claimed = 0;
  /** Attempts that have ended, and timers that were deferred. */
  #ended = 0;
  /** Of these, before the time was moved to where it is. */
  #endedAtStep = 0;
  /** The last error of the service. */
  #problem: string | undefined;

  /** To be passed to the service. */
  readonly observer: DispatchObserver;

  constructor(options: TimeTravelOptions) {
    this.#options = options;
    const signal = () => {
      options.activity.signal();
    };
    this.observer = {
      started: () => undefined,
      ended: () => {
        this.#ended += 1;
        signal();
      },
      finished: () => undefined,
      retried: () => undefined,
      claimed: (timers) => {
        this.#claimed += timers;
        signal();
      },
      settled: () => {
        // The dispatcher counts the batch as written a moment later.
        setImmediate(signal);
      },
      deferred: (timers) => {
        this.#ended += timers;
        signal();
      },
      rescued: signal,
      orphansReleased: signal,
      leaseLost: signal,
      databaseError: (error) => {
        this.#problem = messageOf(error);
      },
      defect: (error) => {
        this.#problem = messageOf(error);
      },
    };
  }

  /** To be called when the service has started. */
  attach(service: Pick<Service, 'dispatcher' | 'materializer'>): void {
    this.#service = service;
  }

  /**
   * @param toMs milliseconds since 1970; null: until nothing is pending, or `maxDeliveries` were made
   * @throws {SettleError} when nothing happens for too long, or there are too many deliveries
   */
  async moveTo(toMs: number | null, maxDeliveries: number): Promise<void> {
    const { timeline, surroundings } = this.#options;
    const untilMs = toMs ?? Number.MAX_SAFE_INTEGER;
    const limit = this.#ended + maxDeliveries;
    let wasRun = true;
    for (;;) {
      const { upcoming, nextScheduleMs } = await this.#settled(untilMs, wasRun ? MAX_RUN : FEW);
      if (this.#ended > limit)
        throw new SettleError(
          `More than ${maxDeliveries} attempts until ${iso(timeline.nowMs)}: does a handler schedule the next timer each time? Pass a larger maxDeliveries, or use advance()`,
        );
      const nextTimerMs = Math.min(upcoming[0]?.dueMs ?? Number.POSITIVE_INFINITY, surroundings.nextHeldMs());
      // A schedule without a pending timer would go on forever.
      const isIdle = toMs === null && nextTimerMs === Number.POSITIVE_INFINITY;
      const nextMs = isIdle ? nextTimerMs : Math.min(nextTimerMs, nextScheduleMs);
      if (nextMs > untilMs || nextMs === Number.POSITIVE_INFINITY) break;
      const run =
        surroundings.held() === 0 && surroundings.settle === undefined
          ? this.#quietRun(upcoming, nextScheduleMs)
          : [];
      wasRun = run.length > 1;
      if (run.length > 1) await this.#deliverRun(run);
      else await this.#step(nextMs);
    }
    if (toMs !== null) await this.#step(toMs);
    await this.#settled(timeline.nowMs, FEW);
  }

  /** The timers up to the first one whose delivery something of the test notices, or before which a schedule is due. */
  #quietRun(upcoming: readonly UpcomingTimer[], nextScheduleMs: number): readonly UpcomingTimer[] {
    const { isQuiet } = this.#options.surroundings;
    const end = upcoming.findIndex((timer) => timer.dueMs > nextScheduleMs || !isQuiet(timer));
    if (end === -1) return upcoming;
    // Timers that are due together are delivered together.
    const dueMs = upcoming[end]?.dueMs;
    return upcoming.slice(0, end).filter((timer) => timer.dueMs !== dueMs);
  }

  async #step(toMs: number): Promise<void> {
    const { timeline, statements, surroundings } = this.#options;
    if (toMs <= timeline.nowMs) return;
    await statements.moveClock(toMs);
    this.#endedAtStep = this.#ended;
    timeline.moveTo(toMs);
    surroundings.onTime(toMs);
  }

  async #deliverRun(run: readonly UpcomingTimer[]): Promise<void> {
    const { timeline, statements, surroundings } = this.#options;
    const last = run.at(-1);
    const [first] = run;
    if (first === undefined || last === undefined) return;
    await statements.moveClock(last.dueMs);
    const before = this.#claimed;
    timeline.moveTo(first.dueMs);
    this.#active.wake();
    await this.#runClaimed(run, before);
    for (const { dueMs } of run) {
      timeline.moveTo(dueMs);
      if (!this.#isIdle()) await this.#until(() => this.#isIdle());
    }
    surroundings.onTime(last.dueMs);
  }

  /** Waits until the dispatcher holds the timers of a run, except those that were changed meanwhile. */
  async #runClaimed(run: readonly UpcomingTimer[], before: number): Promise<void> {
    const { statements, settleTimeoutMs } = this.#options;
    const ids = run.map(({ id }) => id);
    const untilMs = run.at(-1)?.dueMs ?? 0;
    const deadlineMs = performance.now() + settleTimeoutMs;
    for (;;) {
      await this.#until(() => this.#claimed - before >= run.length, CLAIM_WAIT_MS);
      if (this.#claimed - before >= run.length) return;
      // Claimed in the table is not enough: the result may still be on its way.
      const { claimed, unclaimed } = await statements.claims(ids, untilMs);
      if (unclaimed === 0 && this.#claimed - before >= claimed) return;
      if (performance.now() > deadlineMs) throw this.#error(run);
      this.#active.wake();
    }
  }

  /** Waits until everything that is due was created, delivered and settled. Returns what comes after that. */
  async #settled(untilMs: number, limit: number): Promise<Upcoming> {
    const { timeline, statements, surroundings, settleTimeoutMs } = this.#options;
    let idleSinceMs: number | undefined;
    let scheduleDueSinceMs: number | undefined;
    let settledAfter = this.#endedAtStep;
    for (;;) {
      await this.#until(() => this.#isIdle());
      await this.#active.flush();
      await surroundings.drainNats();
      // Code of the test that was waiting for a response goes on.
      await nextTurn();
      await nextTurn();
      if (this.#ended > settledAfter) {
        settledAfter = this.#ended;
        await surroundings.settle?.();
      }
      if (!this.#isIdle()) continue;
      const nextScheduleMs = await statements.nextScheduleMs();
      if (nextScheduleMs <= timeline.nowMs) {
        scheduleDueSinceMs ??= performance.now();
        if (performance.now() - scheduleDueSinceMs > settleTimeoutMs) throw this.#error([]);
        await this.#materialized();
        continue;
      }
      scheduleDueSinceMs = undefined;
      const pending = await statements.upcoming(
        Math.max(untilMs, timeline.nowMs),
        limit + surroundings.held(),
      );
      const upcoming = pending.filter(({ id }) => !surroundings.isHeld(id));
      const due = upcoming.filter(({ dueMs }) => dueMs <= timeline.nowMs);
      if (due.length === 0) return { upcoming, nextScheduleMs };
      const before = this.#claimed;
      this.#active.wake();
      await this.#until(() => this.#claimed > before, CLAIM_WAIT_MS);
      const nowMs = performance.now();
      if (this.#claimed > before) idleSinceMs = undefined;
      else idleSinceMs ??= nowMs;
      if (idleSinceMs !== undefined && nowMs - idleSinceMs > settleTimeoutMs) throw this.#error(due);
    }
  }

  /** Waits until the schedules that are due have created their timers. */
  async #materialized(): Promise<void> {
    let done = false;
    const caughtUp = this.#running.materializer.caughtUp().then(() => {
      done = true;
      this.#options.activity.signal();
    });
    await this.#until(() => done);
    await caughtUp;
  }

  get #running(): Pick<Service, 'dispatcher' | 'materializer'> {
    if (this.#service === undefined) throw new Error('the service has not started');
    return this.#service;
  }

  get #active(): Service['dispatcher'] {
    return this.#running.dispatcher;
  }

  /** Nothing is under way that does not wait for virtual time. */
  #isIdle(): boolean {
    const { surroundings, timeline } = this.#options;
    const { inFlight, waiting } = this.#active.load;
    return (
      inFlight === surroundings.held() &&
      waiting === 0 &&
      surroundings.nextHeldMs() > timeline.nowMs &&
      surroundings.apiRequests() === 0
    );
  }

  /**
   * @param withinMs real time after which waiting ends without an error; without it, too long without any progress is one
   */
  async #until(condition: () => boolean, withinMs?: number): Promise<void> {
    const { activity, settleTimeoutMs } = this.#options;
    const deadlineMs = performance.now() + (withinMs ?? settleTimeoutMs);
    while (!condition()) {
      const leftMs = deadlineMs - performance.now();
      if (leftMs > 0) {
        await activity.next(Math.min(leftMs, 100));
        continue;
      }
      if (withinMs !== undefined) return;
      throw this.#error([]);
    }
  }

  #error(due: readonly UpcomingTimer[]): SettleError {
    const { timeline, settleTimeoutMs, surroundings } = this.#options;
    const { inFlight, waiting, unsettled } = this.#active.load;
    const lines = due
      .slice(0, MAX_LISTED)
      .map(
        ({ id, url, subject, dueMs }) =>
          `  ${id} due ${iso(dueMs)} to ${url ?? subject ?? '?'} was not claimed`,
      );
    if (due.length > MAX_LISTED) lines.push(`  and ${due.length - MAX_LISTED} more`);
    if (inFlight > surroundings.held())
      lines.push(
        `  ${inFlight - surroundings.held()} attempts have no response: does a receiver of the test hang?`,
      );
    if (waiting > 0) lines.push(`  ${waiting} due timers wait for a free slot of their destination`);
    if (unsettled > 0) lines.push(`  ${unsettled} results are not written`);
    if (surroundings.apiRequests() > 0)
      lines.push(`  ${surroundings.apiRequests()} requests to the API are under way`);
    if (this.#problem !== undefined) lines.push(`  the last error of the service: ${this.#problem}`);
    return new SettleError(
      [
        `Nothing has happened for ${settleTimeoutMs} ms of real time at ${iso(timeline.nowMs)}:`,
        ...lines,
      ].join('\n'),
    );
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
