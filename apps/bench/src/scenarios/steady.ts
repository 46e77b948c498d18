import { setTimeout as delay } from 'node:timers/promises';
import type { Contender, StartOptions } from '../contenders/contender.ts';
import type { BenchDatabase } from '../database/bench-server.ts';
import { type DurationSummary, summarizeDurations } from '../measure/quantiles.ts';
import { countDeliveryErrors, type DeliveryErrors, latenessOf } from '../receiver/arrivals.ts';
import {
  type BenchEnvironment,
  checkpoint,
  createJobs,
  type RunningContender,
  waitUntilFinished,
  withContender,
} from './environment.ts';
import { startUsage, type Usage } from './usage.ts';

export interface LatenessResult extends DeliveryErrors {
  /** How long after its due instant each callback arrived, in milliseconds. */
  readonly lateness: DurationSummary;
}

export interface SteadyResult extends LatenessResult {
  readonly peakMib: number;
}

export interface SteadyLoad {
  readonly perSecond: number;
  readonly seconds: number;
}

export interface SteadyOptions extends SteadyLoad {
  readonly start?: Partial<StartOptions>;
  readonly prepareDatabase?: (database: BenchDatabase) => Promise<unknown>;
}

/** The slowest contender needs about this long to store a timer; the first timer is due after that. */
const LOAD_MS_PER_TIMER = 0.25;
/** Time to start the program that stores the timers, on a busy machine too. */
const LEAD_MS = 10_000;
/** Time between storing the timers and the first due instant. */
const IDLE_MS = 1_500;

/** Time that is enough to store a load before its first timer is due. */
export function leadMsOf({ perSecond, seconds }: SteadyLoad): number {
  return LEAD_MS + perSecond * seconds * LOAD_MS_PER_TIMER;
}

export interface StoredLoad {
  readonly timers: number;
  readonly firstMs: number;
  /** How long storing took. */
  readonly storedMs: number;
}

/**
 * Stores timers that are due one after the other at an even rate, and discards earlier arrivals.
 * @throws Error when storing them took so long that the first would be late
 */
export async function storeLoad(
  { receiver }: BenchEnvironment,
  { contender, database }: RunningContender,
  load: SteadyLoad,
  leadMs = leadMsOf(load),
): Promise<StoredLoad> {
  const { perSecond, seconds } = load;
  const timers = perSecond * seconds;
  const startedMs = Date.now();
  const firstMs = startedMs + leadMs;
  const jobs = createJobs(receiver, timers, (n) => firstMs + Math.floor((n * 1_000) / perSecond));
  await (await contender.store(database, jobs)).commit();
  const storedMs = Date.now() - startedMs;
  await checkpoint(database);
  await receiver.reset();
  if (Date.now() > firstMs - IDLE_MS)
    throw new Error(`storing ${timers} timers took too long: the first is due in less than ${IDLE_MS} ms`);
  return { timers, firstMs, storedMs };
}

async function waitUntilDue({ firstMs }: StoredLoad): Promise<void> {
  await delay(Math.max(0, firstMs - Date.now()));
}

/** Waits until a load is delivered. */
export async function collectLoad({ receiver }: BenchEnvironment, load: StoredLoad): Promise<LatenessResult> {
  const { timers } = load;
  await waitUntilDue(load);
  const arrivals = await receiver.collect(timers);
  return { lateness: summarizeDurations(latenessOf(arrivals)), ...countDeliveryErrors(arrivals, timers) };
}

/** Measures timers that are stored ahead and due one after the other at an even rate. */
export function runSteady(
  environment: BenchEnvironment,
  contender: Contender,
  options: SteadyOptions,
): Promise<SteadyResult & Usage> {
  const { start, prepareDatabase } = options;
  return withContender(
    environment,
    contender,
    async (running) => {
      const load = await storeLoad(environment, running, options);
      // Before, each contender only waits, the longer the faster it has stored the timers.
      await waitUntilDue(load);
      const stopUsage = await startUsage(environment.server, running);
      const result = await collectLoad(environment, load);
      await waitUntilFinished(running);
      return { ...result, ...(await stopUsage(load.timers)) };
    },
    start,
    prepareDatabase,
  );
}
