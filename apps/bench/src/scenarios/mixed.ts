import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';
import { BENCH_API_KEY, startTimerService, timerService } from '../contenders/timer-service.ts';
import { storeTimers } from '../database/store-timers.ts';
import { type DurationSummary, summarizeDurations } from '../measure/quantiles.ts';
import { benchPayload, countDeliveryErrors, type DeliveryErrors, latenessOf } from '../receiver/arrivals.ts';
import { type Receiver, startHttpReceiver } from '../receiver/receiver.ts';
import { type BenchEnvironment, type RunningContender, withContender } from './environment.ts';
import { collectLoad, type LatenessResult, type SteadyLoad, storeLoad } from './steady.ts';

export interface MixedOptions extends SteadyLoad {
  /** Timers per second that are stored by SQL, and as many through the other process. */
  readonly addedPerSecond: number;
}

/** The lateness of each kind of timers. */
export interface MixedResult {
  readonly ahead: LatenessResult;
  readonly sql: LatenessResult;
  readonly otherProcess: LatenessResult;
  /** Requests to the other process that were sent again. */
  readonly retriedPosts: number;
}

/** Timers are due this long after they are sent to be stored, in milliseconds: within the look-ahead. */
const DUE_AFTER_MS = 200;
const MAX_RETRIES = 5;
/** Requests before the measurement: the first ones of a process take long. */
const WARM_UP_POSTS = 50;

/** Calls `store` at an even rate, without waiting for earlier calls. Returns the sum of its results. */
async function storeEvenly(
  { seconds, addedPerSecond }: MixedOptions,
  store: (n: number) => Promise<number>,
): Promise<number> {
  const startedMs = performance.now();
  const inProgress: Promise<number>[] = [];
  for (let n = 0; n < addedPerSecond * seconds; n += 1) {
    await delay(Math.max(0, startedMs + (n * 1_000) / addedPerSecond - performance.now()));
    const stored = store(n);
    // It is reported at the end, by Promise.all.
    stored.catch(() => undefined);
    inProgress.push(stored);
  }
  const retries = await Promise.all(inProgress);
  return retries.reduce((sum, count) => sum + count, 0);
}

function callbackOf(target: Receiver, n: number, dueAfterMs = DUE_AFTER_MS) {
  const dueMs = Date.now() + dueAfterMs;
  const payload = { ...benchPayload(n, dueMs) };
  return { dueMs, callback: { type: 'http' as const, url: target.target, payload } };
}

/**
 * Stores a timer by the API. A timer that is already due when a busy process stores it is sent again, due later. Returns
 * the number of retries.
 */
async function postTimer(apiUrl: string, receiver: Receiver, n: number): Promise<number> {
  for (let retries = 0; ; retries += 1) {
    const { dueMs, callback } = callbackOf(receiver, n, DUE_AFTER_MS * 2 ** retries);
    const { statusCode, body } = await request(`${apiUrl}/timers`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': BENCH_API_KEY },
      body: JSON.stringify({ execute_at: new Date(dueMs).toISOString(), callback }),
    });
    const text = await body.text();
    if (statusCode === 201) return retries;
    if (retries === MAX_RETRIES)
      throw new Error(`POST /timers returned ${statusCode}: ${text.slice(0, 200)}`);
  }
}

/** One INSERT after the other: a connection runs one transaction at a time. */
function sqlStore({ database: { client } }: RunningContender, receiver: Receiver) {
  let previous = Promise.resolve(0);
  return (n: number): Promise<number> => {
    previous = previous.then(async () => {
      await (await storeTimers(client, [callbackOf(receiver, n)])).commit();
      return 0;
    });
    return previous;
  };
}

async function latenessAt(receiver: Receiver, timers: number): Promise<LatenessResult> {
  const arrivals = await receiver.collect(timers);
  const lateness: DurationSummary = summarizeDurations(latenessOf(arrivals));
  const errors: DeliveryErrors = countDeliveryErrors(arrivals, timers);
  return { lateness, ...errors };
}

/**
 * Measures a steady load that is stored ahead, beside timers that are stored by SQL and through a process that serves the
 * API and delivers nothing. The latter two are due at once.
 */
export async function runMixed(environment: BenchEnvironment, options: MixedOptions): Promise<MixedResult> {
  const { execPath, connections } = environment;
  const added = options.addedPerSecond * options.seconds;
  const sqlReceiver = await startHttpReceiver({ execPath });
  const apiReceiver = await startHttpReceiver({ execPath });
  try {
    return await withContender(environment, timerService, async (running) => {
      const api = await startTimerService(running.database.url, {
        execPath,
        connections,
        env: { DISPATCHER: 'false' },
      });
      try {
        for (let n = 0; n < WARM_UP_POSTS; n += 1) await postTimer(api.url, apiReceiver, n);
        const load = await storeLoad(environment, running, options);
        await Promise.all([sqlReceiver.reset(), apiReceiver.reset()]);
        await delay(Math.max(0, load.firstMs - Date.now()));
        const [ahead, retriedPosts] = await Promise.all([
          collectLoad(environment, load),
          storeEvenly(options, (n) => postTimer(api.url, apiReceiver, n)),
          storeEvenly(options, sqlStore(running, sqlReceiver)),
        ]);
        const sql = await latenessAt(sqlReceiver, added);
        const otherProcess = await latenessAt(apiReceiver, added);
        return { ahead, sql, otherProcess, retriedPosts };
      } finally {
        await api.stop();
      }
    });
  } finally {
    await sqlReceiver.stop();
    await apiReceiver.stop();
  }
}
