import type { Contender, StartOptions } from '../contenders/contender.ts';
import type { BenchDatabase } from '../database/bench-server.ts';
import { cpuSeconds, peakResidentMib } from '../measure/process-usage.ts';
import { countDeliveryErrors, rateOf } from '../receiver/arrivals.ts';
import {
  type BenchEnvironment,
  checkpoint,
  createJobs,
  waitUntilFinished,
  withContender,
} from './environment.ts';

export interface BurstResult {
  /** Callbacks per second at the receiver, between the first and the last. */
  readonly perSecond: number;
  /** CPU seconds per 1,000 callbacks, from the commit of the jobs until the end of the last is recorded. */
  readonly processCpu: number;
  readonly postgresCpu: number;
  readonly peakMib: number;
  readonly missing: number;
  readonly duplicates: number;
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
      const { database, process } = running;
      const dueMs = Date.now() - OVERDUE_MS;
      const stored = await contender.store(
        database,
        createJobs(receiver, timers, () => dueMs),
      );
      await checkpoint(database);
      await receiver.reset();
      const before = { process: cpuSeconds(process.pid), postgres: server.cpuSeconds() };
      await stored.commit();
      const arrivals = await receiver.collect(timers);
      await waitUntilFinished(running);
      const { missing, duplicates } = countDeliveryErrors(arrivals, timers);
      return {
        perSecond: rateOf(arrivals),
        processCpu: ((cpuSeconds(process.pid) - before.process) * 1_000) / timers,
        postgresCpu: ((server.cpuSeconds() - before.postgres) * 1_000) / timers,
        peakMib: peakResidentMib(process.pid),
        missing,
        duplicates,
      };
    },
    start,
    prepareDatabase,
  );
}
