import type { Contender, StartOptions } from '../contenders/contender.ts';
import type { BenchDatabase } from '../database/bench-server.ts';
import { countDeliveryErrors, rateOf } from '../receiver/arrivals.ts';
import {
  type BenchEnvironment,
  checkpoint,
  createJobs,
  waitUntilFinished,
  withContender,
} from './environment.ts';
import { startUsage, type Usage } from './usage.ts';

export interface BurstResult extends Usage {
  /** Callbacks per second at the receiver, between the first and the last. */
  readonly perSecond: number;
  /** Bytes of WAL per timer for storing it. */
  readonly storedWalBytes: number;
  readonly missing: number;
  readonly duplicates: number;
  readonly early: number;
}

/** How long the timers are overdue when they become visible. */
const OVERDUE_MS = 1_000;

export interface BurstOptions {
  readonly timers: number;
  readonly start?: Partial<StartOptions>;
  /** Fills the database before the contender starts. */
  readonly prepareDatabase?: (database: BenchDatabase) => Promise<unknown>;
}

/**
 * Measures a burst of timers that are all due. They are inserted in an open transaction while the contender is idle, and
 * its commit makes them visible at once.
 */
export function runBurst(
  environment: BenchEnvironment,
  contender: Contender,
  options: BurstOptions,
): Promise<BurstResult> {
  const { server, receiver } = environment;
  const { timers, start, prepareDatabase } = options;
  return withContender(
    environment,
    contender,
    async (running) => {
      const { database } = running;
      const dueMs = Date.now() - OVERDUE_MS;
      const walBefore = await server.walBytes();
      const stored = await contender.store(
        database,
        createJobs(receiver, timers, () => dueMs),
      );
      const storedWalBytes = ((await server.walBytes()) - walBefore) / timers;
      await checkpoint(database);
      await receiver.reset();
      const stopUsage = await startUsage(server, running);
      await stored.commit();
      const arrivals = await receiver.collect(timers);
      await waitUntilFinished(running);
      return {
        perSecond: rateOf(arrivals),
        storedWalBytes,
        ...countDeliveryErrors(arrivals, timers),
        ...(await stopUsage(timers)),
      };
    },
    start,
    prepareDatabase,
  );
}
