import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';
import { BENCH_API_KEY, timerService, timerServiceWithApi } from '../contenders/timer-service.ts';
import { peakResidentMib } from '../measure/process-usage.ts';
import { type DurationSummary, summarizeDurations } from '../measure/quantiles.ts';
import { countDeliveryErrors, latenessOf, rateOf } from '../receiver/arrivals.ts';
import { startHttpReceiver } from '../receiver/receiver.ts';
import {
  type BenchEnvironment,
  checkpoint,
  createJobs,
  waitUntilFinished,
  withContender,
} from './environment.ts';
import type { SteadyResult } from './steady.ts';

export interface HerdResult extends SteadyResult {
  /** Callbacks of the herd per second. */
  readonly perSecond: number;
  /** How long `POST /timers` took while the herd was delivered, in milliseconds. */
  readonly api: DurationSummary;
}

const LEAD_MS = 15_000;
const POST_EVERY_MS = 20;

/** Creates a timer every 20 ms until the signal aborts. Returns how long each request took, in milliseconds. */
async function postTimers(url: string, signal: AbortSignal): Promise<number[]> {
  const durations: number[] = [];
  while (!signal.aborted) {
    const startedMs = performance.now();
    const { statusCode, body } = await request(`${url}/timers`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': BENCH_API_KEY },
      body: JSON.stringify({
        execute_at: new Date(Date.now() + 86_400_000).toISOString(),
        callback: { type: 'http', url: 'http://127.0.0.1/callback' },
      }),
    });
    await body.dump();
    if (statusCode !== 201) throw new Error(`POST /timers returned ${statusCode}`);
    durations.push(performance.now() - startedMs);
    await delay(POST_EVERY_MS);
  }
  return durations;
}

/**
 * Measures the lateness of a steady load to one destination, and the response times of the API, while a herd of timers is
 * due to another destination at the same instant.
 */
export async function runHerd(
  environment: BenchEnvironment,
  {
    herd,
    perSecond,
    seconds,
  }: { readonly herd: number; readonly perSecond: number; readonly seconds: number },
): Promise<HerdResult> {
  const { receiver, execPath } = environment;
  const steadyReceiver = await startHttpReceiver({ execPath });
  let apiUrl = '';
  const contender = timerServiceWithApi((url) => {
    apiUrl = url;
  });
  try {
    return await withContender(environment, contender, async (running) => {
      const { database, process } = running;
      const firstMs = Date.now() + LEAD_MS;
      const timers = perSecond * seconds;
      const steadyJobs = createJobs(
        steadyReceiver,
        timers,
        (n) => firstMs + Math.floor((n * 1_000) / perSecond),
      );
      const herdJobs = createJobs(receiver, herd, () => firstMs);
      await (await timerService.store(database, [...herdJobs, ...steadyJobs])).commit();
      await checkpoint(database);
      await Promise.all([receiver.reset(), steadyReceiver.reset()]);
      if (Date.now() > firstMs) throw new Error('storing the timers took too long: the first is already due');
      await delay(firstMs - Date.now());
      const herdDelivered = new AbortController();
      const posts = postTimers(apiUrl, herdDelivered.signal);
      const [steadyArrivals, herdArrivals] = await Promise.all([
        steadyReceiver.collect(timers),
        receiver.collect(herd).finally(() => {
          herdDelivered.abort();
        }),
      ]);
      const api = summarizeDurations(await posts);
      await waitUntilFinished(running);
      const herdErrors = countDeliveryErrors(herdArrivals, herd);
      const steadyErrors = countDeliveryErrors(steadyArrivals, timers);
      return {
        lateness: summarizeDurations(latenessOf(steadyArrivals)),
        missing: herdErrors.missing + steadyErrors.missing,
        duplicates: herdErrors.duplicates + steadyErrors.duplicates,
        early: herdErrors.early + steadyErrors.early,
        peakMib: peakResidentMib(process.pid),
        perSecond: rateOf(herdArrivals),
        api,
      };
    });
  } finally {
    await steadyReceiver.stop();
  }
}
