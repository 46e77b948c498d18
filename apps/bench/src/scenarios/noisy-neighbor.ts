import { setTimeout as delay } from 'node:timers/promises';
import { startNameServer } from '@timer-platform/test-support';
import { timerService, timerServiceWithApi } from '../contenders/timer-service.ts';
import { storeTimers } from '../database/store-timers.ts';
import { peakResidentMib } from '../measure/process-usage.ts';
import { summarizeDurations } from '../measure/quantiles.ts';
import { countDeliveryErrors, latenessOf } from '../receiver/arrivals.ts';
import { type BenchEnvironment, checkpoint, createJobs, withContender } from './environment.ts';
import type { NeighborKind } from './neighbors.ts';
import type { SteadyLoad, SteadyResult } from './steady.ts';

export interface NoisyNeighborResult extends SteadyResult {
  /** Timers of the healthy client that were given up. Must be 0. */
  readonly failed: number;
}

const LEAD_MS = 8_000;

/**
 * Measures the timers of a healthy client beside a noisy neighbor. Returns undefined if the neighbor needs a name server
 * that cannot be started here.
 */
export async function runNoisyNeighbor(
  environment: BenchEnvironment,
  { start, nameServer: setUp, env }: NeighborKind,
  { perSecond, seconds }: SteadyLoad,
): Promise<NoisyNeighborResult | undefined> {
  const nameServer = setUp && (await startNameServer());
  if (setUp !== undefined) {
    if (nameServer === undefined) return undefined;
    setUp(nameServer);
  }
  const { receiver } = environment;
  let apiUrl = '';
  const contender = timerServiceWithApi((url) => {
    apiUrl = url;
  });
  const measure = async ({ database, process }: Parameters<Parameters<typeof withContender>[2]>[0]) => {
    const timers = perSecond * seconds;
    const firstMs = Date.now() + LEAD_MS;
    const jobs = createJobs(receiver, timers, (n) => firstMs + Math.floor((n * 1_000) / perSecond));
    const neighbor = await start({ environment, apiUrl, firstMs, seconds });
    const ended = new AbortController();
    try {
      await (await storeTimers(database.client, neighbor.timers)).commit();
      await (await timerService.store(database, jobs)).commit();
      await checkpoint(database);
      await receiver.reset();
      if (Date.now() > firstMs) throw new Error('storing the timers took too long: the first is already due');
      const acting = neighbor.act?.(ended.signal);
      acting?.catch(() => undefined);
      await delay(firstMs - Date.now());
      const arrivals = await receiver.collect(timers);
      ended.abort();
      await acting;
      const { rowCount } = await database.client.query(
        `SELECT FROM timers WHERE status = 'failed' AND callback_config ->> 'url' = $1`,
        [receiver.target],
      );
      return {
        lateness: summarizeDurations(latenessOf(arrivals)),
        ...countDeliveryErrors(arrivals, timers),
        failed: rowCount ?? 0,
        peakMib: peakResidentMib(process.pid),
      };
    } finally {
      ended.abort();
      await neighbor.stop();
    }
  };
  try {
    // Without a grace period the service would stop only when hanging attempts time out.
    return await withContender(environment, contender, measure, {
      env: { SHUTDOWN_GRACE_MS: '0', ...env },
      nameServer,
    });
  } finally {
    await nameServer?.stop();
  }
}
