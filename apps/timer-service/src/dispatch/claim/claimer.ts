import { matchCallback } from '@timer-platform/callback-types';
import type { ClaimRequest, ClaimResult } from '@timer-platform/database';
import type { Clock } from '../../clock.ts';
import type { Transports } from '../../transports/transport.ts';
import { type ClaimedTimer, type DecryptHeaders, readTimer } from '../claimed-timer.ts';
import type { DatabaseClock } from '../database-clock.ts';
import type { AttemptRunner } from '../deliver/attempt-runner.ts';
import type { Lease } from '../lease/lease.ts';
import type { OrphanedClaims } from '../lease/orphaned-claims.ts';
import type { DispatchObserver } from '../observer.ts';
import type { SettleBatcher } from '../settle/settle-batcher.ts';
import type { DelayQueue } from './delay-queue.ts';

/** The most timers per claim. */
export const CLAIM_BATCH = 500;

export interface ClaimerOptions {
  readonly claim: (request: ClaimRequest) => Promise<ClaimResult>;
  readonly lookAheadMs: number;
  readonly maxInFlight: number;
  readonly clock: Clock;
  readonly databaseClock: DatabaseClock;
  readonly lease: Lease;
  readonly orphans: OrphanedClaims;
  readonly queue: DelayQueue<ClaimedTimer>;
  readonly attemptRunner: AttemptRunner;
  readonly settleBatcher: SettleBatcher;
  readonly transports: Transports;
  readonly decryptHeaders: DecryptHeaders;
  readonly observer: DispatchObserver;
}

/** Claims timers and queues them until they are due; fails rows that cannot be parsed. */
export class Claimer {
  readonly #options: ClaimerOptions;

  constructor(options: ClaimerOptions) {
    this.#options = options;
  }

  mayClaim(): boolean {
    const { lease, clock } = this.#options;
    return lease.isValid(clock.monotonicMs());
  }

  /** How many more timers each kind of poll may claim. Every timer in memory counts, so that memory stays bounded. */
  capacity(): { readonly due: number; readonly backlog: number } {
    const { maxInFlight, queue, attemptRunner, settleBatcher } = this.#options;
    const { inFlight, waiting } = attemptRunner;
    const total = 2 * maxInFlight + 2 * CLAIM_BATCH;
    const due = Math.max(0, total - inFlight - queue.size - waiting - settleBatcher.size);
    return { due, backlog: Math.min(due, Math.max(0, CLAIM_BATCH - waiting - queue.size)) };
  }

  async claim(dueFromMs: number, limit: number): Promise<ClaimResult> {
    const { claim, lookAheadMs, clock, databaseClock, lease, orphans, observer } = this.#options;
    const sentMs = clock.monotonicMs();
    const result = await claim({ dispatcherId: lease.id, lookAheadMs, limit, dueFromMs });
    databaseClock.observe({ sentMs, receivedMs: clock.monotonicMs(), databaseMs: result.nowMs });
    if (!result.holdsLease) lease.expired();
    observer.claimed(result.rows.length);
    orphans.claimed(result.rows);
    this.#enqueue(result);
    return result;
  }

  #enqueue({ rows }: ClaimResult): void {
    const { transports, decryptHeaders, attemptRunner, queue } = this.#options;
    const timers: ClaimedTimer[] = [];
    for (const row of rows) {
      const read = readTimer(row, decryptHeaders, (callback) =>
        matchCallback(callback, {
          http: (http) => transports.http.destinationOf(http),
          nats: (nats) => transports.nats.destinationOf(nats),
        }),
      );
      if (read.kind === 'readable') timers.push(read.timer);
      else attemptRunner.failUnstarted(row, read.reason);
    }
    queue.add(timers);
  }
}
