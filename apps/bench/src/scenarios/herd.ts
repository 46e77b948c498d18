import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';
import type { Contender } from '../contenders/contender.ts';
import { BENCH_API_KEY, startTimerService, timerService } from '../contenders/timer-service.ts';
import { peakResidentMib } from '../measure/process-usage.ts';
import { type Spread, spreadOf } from '../measure/quantiles.ts';
import { completenessOf, latenessOf, rateOf } from '../receiver/arrivals.ts';
import { startHttpReceiver } from '../receiver/receiver.ts';
import { type Arena, calm, finished, jobsTo, play } from './arena.ts';
import type { SteadyResult } from './steady.ts';

export interface HerdResult extends SteadyResult {
  /** Of the herd's callbacks. */
  readonly perSecond: number;
  /** How long `POST /timers` took while the herd was on its way, in milliseconds. */
  readonly api: Spread;
}

const LEAD_MS = 15_000;
const POST_EVERY_MS = 20;

/** Stores a timer every so often until it is told to stop; answers how long each took, in milliseconds. */
async function postTimers(url: string, until: AbortSignal): Promise<number[]> {
  const took: number[] = [];
  while (!until.aborted) {
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
    if (statusCode !== 201) throw new Error(`POST /timers answered ${statusCode}`);
    took.push(performance.now() - startedMs);
    await delay(POST_EVERY_MS);
  }
  return took;
}

/** The lateness of a steady load to one destination, and that of the API, while very many timers are due at once to another. */
export async function playHerd(
  arena: Arena,
  {
    herd,
    perSecond,
    seconds,
  }: { readonly herd: number; readonly perSecond: number; readonly seconds: number },
): Promise<HerdResult> {
  const { receiver, execPath } = arena;
  const other = await startHttpReceiver({ execPath });
  let apiUrl = '';
  const contender: Contender = {
    ...timerService,
    start: async ({ url }, options) => {
      const service = await startTimerService(url, options);
      apiUrl = service.url;
      return service;
    },
  };
  try {
    return await play(arena, contender, async (match) => {
      const { database, process } = match;
      const firstMs = Date.now() + LEAD_MS;
      const timers = perSecond * seconds;
      const steady = jobsTo(other, timers, (n) => firstMs + Math.floor((n * 1_000) / perSecond));
      const together = jobsTo(receiver, herd, () => firstMs);
      await (await timerService.store(database, [...together, ...steady])).commit();
      await calm(database);
      await Promise.all([receiver.reset(), other.reset()]);
      if (Date.now() > firstMs) throw new Error('storing the timers took too long: the first is due already');
      await delay(firstMs - Date.now());
      const over = new AbortController();
      const posts = postTimers(apiUrl, over.signal);
      const [steadyArrivals, herdArrivals] = await Promise.all([
        other.collect(timers),
        receiver.collect(herd).finally(() => {
          over.abort();
        }),
      ]);
      const api = spreadOf(await posts);
      await finished(match);
      const ofHerd = completenessOf(herdArrivals, herd);
      const ofSteady = completenessOf(steadyArrivals, timers);
      return {
        lateness: spreadOf(latenessOf(steadyArrivals)),
        missing: ofHerd.missing + ofSteady.missing,
        duplicates: ofHerd.duplicates + ofSteady.duplicates,
        early: ofHerd.early + ofSteady.early,
        peakMib: peakResidentMib(process.pid),
        perSecond: rateOf(herdArrivals),
        api,
      };
    });
  } finally {
    await other.stop();
  }
}
