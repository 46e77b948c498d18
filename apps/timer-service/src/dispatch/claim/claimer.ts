import { matchCallback } from '@timer-platform/callback-types';
import type { ClaimedRow, ClaimRange, ClaimRequest, ClaimResult } from '@timer-platform/database';
import type { Clock } from '../../clock.ts';
import type { DatabaseTime } from '../../timeline.ts';
import type { Transports } from '../../transports/transport.ts';
import { type ClaimedTimer, readTimer } from '../claimed-timer.ts';
import type { AttemptRunner } from '../deliver/attempt-runner.ts';
import type { HeldTimers } from '../held-timers.ts';
import type { Lease } from '../lease/lease.ts';
import type { LeaseKeeper } from '../lease/lease-keeper.ts';
import type { DispatchObserver } from '../observer.ts';
import { type CallbackReader, createCallbackReader, type DecryptHeaders } from '../stored-callback.ts';
import { type ClaimCapacity, claimCapacity, type UnwrittenResults } from './claim-capacity.ts';
import type { Claims } from './claim-loop.ts';
import type { DelayQueue } from './delay-queue.ts';
import type { LiveBatches } from './live-batches.ts';

export interface ClaimStatements {
  /** undefined: the lease was removed. */
  readonly claim: (request: ClaimRequest) => Promise<ClaimResult | undefined>;
  /** None: no suspect is due, or the lease was removed. */
  readonly claimSuspects: (leaseId: string) => Promise<readonly ClaimedRow[]>;
}

export interface ClaimerOptions {
  readonly statements: ClaimStatements;
  readonly lookAheadMs: number;
  /** Of the process. */
  readonly clock: Clock;
  readonly databaseClock: Pick<DatabaseTime, 'observe'>;
  /** The database's time, in milliseconds since 1970. */
  readonly databaseMs: () => number;
  readonly leaseKeeper: Pick<LeaseKeeper, 'lease' | 'lost'>;
  readonly batches: LiveBatches;
  readonly held: HeldTimers;
  readonly unwritten: UnwrittenResults;
  readonly queue: Pick<DelayQueue<ClaimedTimer>, 'add' | 'takeAfter'>;
  readonly attemptRunner: Pick<AttemptRunner, 'failUnreadable' | 'release'>;
  readonly transports: Transports;
  readonly decryptHeaders: DecryptHeaders;
  readonly observer: DispatchObserver;
}

const INTERNAL_ERROR = 'the timer could not be read: internal error of the timer service';

/** Claims timers and queues them until they are due; fails rows that cannot be parsed. */
export class Claimer implements Claims {
  readonly #options: ClaimerOptions;
  readonly #readCallback: CallbackReader;
  #underWaySinceMs = Number.POSITIVE_INFINITY;
  #polledUpToMs = Number.NEGATIVE_INFINITY;

  constructor(options: ClaimerOptions) {
    const { transports, decryptHeaders } = options;
    this.#options = options;
    this.#readCallback = createCallbackReader(decryptHeaders, (callback) =>
      matchCallback(callback, {
        http: (http) => transports.http.destinationOf(http),
        nats: (nats) => transports.nats.destinationOf(nats),
      }),
    );
  }

  /** Monotonic instant since which a claim has been under way; Infinity: none is. */
  get underWaySinceMs(): number {
    return this.#underWaySinceMs;
  }

  mayClaim(): boolean {
    const { leaseKeeper, clock } = this.#options;
    return leaseKeeper.lease.isValid(clock.monotonicMs());
  }

  capacity(): ClaimCapacity {
    return claimCapacity(this.#options.held, this.#options.unwritten);
  }

  async claim(recent: ClaimRange, backlog: ClaimRange, maxBytes: number): Promise<ClaimResult | undefined> {
    const { statements, lookAheadMs, clock, databaseClock, leaseKeeper } = this.#options;
    const { lease } = leaseKeeper;
    const sentMs = clock.monotonicMs();
    const request = { dispatcherId: lease.id, lookAheadMs, recent, backlog, maxBytes };
    const result = await this.#underWay(statements.claim(request));
    if (result === undefined) {
      leaseKeeper.lost(lease);
      return undefined;
    }
    databaseClock.observe({ sentMs, receivedMs: clock.monotonicMs(), databaseMs: result.nowMs });
    this.#polledUpTo(result.polledUpToMs);
    this.#take(lease, result.rows);
    return result;
  }

  /**
   * If the database's clock was set back, timers in memory may be due in minutes or hours. Nobody could change or cancel
   * them: they are released.
   */
  #polledUpTo(polledUpToMs: number): void {
    const { queue, attemptRunner } = this.#options;
    const wasSetBack = polledUpToMs < this.#polledUpToMs;
    this.#polledUpToMs = polledUpToMs;
    if (wasSetBack) for (const timer of queue.takeAfter(polledUpToMs)) attemptRunner.release(timer);
  }

  async #underWay<Result>(claim: Promise<Result>): Promise<Result> {
    this.#underWaySinceMs = this.#options.clock.monotonicMs();
    try {
      return await claim;
    } finally {
      this.#underWaySinceMs = Number.POSITIVE_INFINITY;
    }
  }

  async claimSuspects(): Promise<void> {
    const { lease } = this.#options.leaseKeeper;
    this.#take(lease, await this.#underWay(this.#options.statements.claimSuspects(lease.id)));
  }

  #take(lease: Lease, rows: readonly ClaimedRow[]): void {
    const { batches, held, clock, queue, observer } = this.#options;
    // Others have rescued the timers while the result was on its way.
    if (lease.isLost) return;
    batches.claimed(lease, rows, clock.monotonicMs());
    for (const row of rows) held.claimed(row);
    if (rows.length > 0) observer.claimed(rows.length);
    queue.add(rows.map((row) => this.#read(lease, row)).filter((timer) => timer !== undefined));
  }

  /** undefined: the timer was failed. Never throws, because the other rows of the batch would be lost. */
  #read(lease: Lease, row: ClaimedRow): ClaimedTimer | undefined {
    const { attemptRunner, databaseMs, observer } = this.#options;
    let reason = INTERNAL_ERROR;
    try {
      const read = readTimer(row, {
        lease,
        readCallback: this.#readCallback,
        nowMs: databaseMs(),
      });
      if (read.kind === 'readable') return read.timer;
      ({ reason } = read);
    } catch (error) {
      observer.defect(error, row.id);
    }
    attemptRunner.failUnreadable(row, lease, reason);
    return undefined;
  }
}
