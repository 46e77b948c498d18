import { setTimeout as delay } from 'node:timers/promises';
import type { Contender, StartOptions } from '../contenders/contender.ts';
import type { BenchDatabase } from '../database/bench-server.ts';
import { peakResidentMib } from '../measure/process-usage.ts';
import { type DurationSummary, summarizeDurations } from '../measure/quantiles.ts';
import { countDeliveryErrors, latenessOf } from '../receiver/arrivals.ts';
import { type BenchEnvironment, checkpoint, createJobs, withContender } from './environment.ts';

export interface SteadyResult {
  /** How long after its due instant each callback arrived, in milliseconds. */
  readonly lateness: DurationSummary;
  readonly early: number;
  readonly missing: number;
  readonly duplicates: number;
  readonly peakMib: number;
}

export interface SteadyOptions {
  readonly perSecond: number;
  readonly seconds: number;
  readonly start?: Partial<StartOptions>;
  readonly prepareDatabase?: (database: BenchDatabase) => Promise<unknown>;
}

/** The slowest contender needs about this long to store a timer; the first timer is due after that. */
const LOAD_MS_PER_TIMER = 0.25;
/** Time to start the program that stores the timers, on a busy machine too. */
const LEAD_MS = 10_000;
/** Time between storing the timers and the first due instant. */
const IDLE_MS = 1_500;

/**
 * Measures timers that are stored ahead and due one after the other at an even rate.
 * @throws Error when storing them took so long that the first would be late
 */
export function runSteady(
  environment: BenchEnvironment,
  contender: Contender,
  options: SteadyOptions,
): Promise<SteadyResult> {
  const { perSecond, seconds, start, prepareDatabase } = options;
  const { receiver } = environment;
  return withContender(
    environment,
    contender,
    async ({ database, process }) => {
      const timers = perSecond * seconds;
      const firstMs = Date.now() + LEAD_MS + timers * LOAD_MS_PER_TIMER;
      const jobs = createJobs(receiver, timers, (n) => firstMs + Math.floor((n * 1_000) / perSecond));
      const stored = await contender.store(database, jobs);
      await stored.commit();
      await checkpoint(database);
      await receiver.reset();
      if (Date.now() > firstMs - IDLE_MS)
        throw new Error(
          `storing ${timers} timers took too long: the first is due in less than ${IDLE_MS} ms`,
        );
      await delay(firstMs - Date.now());
      const arrivals = await receiver.collect(timers, seconds * 1_000);
      return {
        lateness: summarizeDurations(latenessOf(arrivals)),
        ...countDeliveryErrors(arrivals, timers),
        peakMib: peakResidentMib(process.pid),
      };
    },
    start,
    prepareDatabase,
  );
}
