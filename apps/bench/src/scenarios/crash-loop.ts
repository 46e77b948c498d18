import { setTimeout as delay } from 'node:timers/promises';
import { startReceiver } from '@timer-platform/test-support';
import { startTimerService, timerService } from '../contenders/timer-service.ts';
import { type BenchDatabase, connectClient } from '../database/bench-server.ts';
import { readCount } from '../database/dead-rows.ts';
import { storeTimers } from '../database/store-timers.ts';
import { peakResidentMib } from '../measure/process-usage.ts';
import { summarizeDurations } from '../measure/quantiles.ts';
import type { Child } from '../processes/child.ts';
import { countDeliveryErrors, latenessOf } from '../receiver/arrivals.ts';
import { startHttpReceiver } from '../receiver/receiver.ts';
import { type BenchEnvironment, createJobs } from './environment.ts';
import type { SteadyLoad, SteadyResult } from './steady.ts';

export interface CrashLoopResult extends SteadyResult {
  /** How often the poison timer killed the service. */
  readonly kills: number;
  /** Other timers that were given up. Must be 0. */
  readonly failedInnocents: number;
  /** Whether the poison timer was given up. */
  readonly poisonFailed: boolean;
}

/** Innocent timers are under way when the service is killed: their receiver takes this long to respond. */
const RESPONSE_MS = 200;
const LEAD_MS = 3_000;
/** The poison timer is due this long after the first innocent one. */
const POISON_AFTER_MS = 2_000;
/** Longer than a lease, after which the claims of a killed service are rescued. */
const QUIET_MS = 30_000;

const FAILED = `SELECT count(*)::integer AS count FROM timers WHERE status = 'failed'`;

/** Restarts the service whenever it was killed. */
class RestartedService {
  readonly #start: () => Promise<Child>;
  #current: Child;
  #restarting: Promise<void> = Promise.resolve();
  #stopped = false;
  kills = 0;
  peakMib = 0;

  private constructor(start: () => Promise<Child>, current: Child) {
    this.#start = start;
    this.#current = current;
  }

  static async start(start: () => Promise<Child>): Promise<RestartedService> {
    return new RestartedService(start, await start());
  }

  kill(): void {
    if (this.#stopped) return;
    this.kills += 1;
    this.#restarting = this.#restarting.then(async () => {
      this.#readPeak();
      await this.#current.kill();
      this.#current = await this.#start();
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#restarting;
    this.#readPeak();
    await this.#current.stop();
  }

  #readPeak(): void {
    this.peakMib = Math.max(this.peakMib, peakResidentMib(this.#current.pid));
  }
}

async function countFailed({ client }: BenchDatabase, poisonUrl: string) {
  const all = await readCount(client, FAILED);
  const { rows } = await client.query(
    `SELECT FROM timers WHERE status = 'failed' AND callback_config ->> 'url' = $1`,
    [poisonUrl],
  );
  return { failedInnocents: all - rows.length, poisonFailed: rows.length > 0 };
}

/**
 * Measures a steady load while the delivery of one timer kills the service each time: the first byte of its request makes
 * the benchmark send SIGKILL. The service is restarted at once.
 */
export async function runCrashLoop(
  { server, execPath, connections }: BenchEnvironment,
  { perSecond, seconds }: SteadyLoad,
): Promise<CrashLoopResult> {
  const innocent = await startHttpReceiver({ execPath, delayMs: RESPONSE_MS });
  const database = await server.createDatabase('bench_crash_loop');
  let service: RestartedService | undefined;
  const poison = await startReceiver(() => {
    service?.kill();
    return 'hang';
  });
  try {
    await timerService.prepare(database);
    service = await RestartedService.start(() =>
      startTimerService(database.url, { execPath, connections, env: { SHUTDOWN_GRACE_MS: '0' } }),
    );
    const timers = perSecond * seconds;
    const firstMs = Date.now() + LEAD_MS;
    await (
      await timerService.store(
        database,
        createJobs(innocent, timers, (n) => firstMs + Math.floor((n * 1_000) / perSecond)),
      )
    ).commit();
    const client = await connectClient(database.url);
    const callback = { type: 'http' as const, url: `${poison.url}/poison` };
    await (await storeTimers(client, [{ dueMs: firstMs + POISON_AFTER_MS, callback }])).commit();
    await client.end();
    await innocent.reset();
    await delay(Math.max(0, firstMs - Date.now()));
    const arrivals = await innocent.collect(timers, QUIET_MS);
    const failed = await countFailed(database, callback.url);
    await service.stop();
    return {
      lateness: summarizeDurations(latenessOf(arrivals)),
      ...countDeliveryErrors(arrivals, timers),
      ...failed,
      kills: service.kills,
      peakMib: service.peakMib,
    };
  } finally {
    await service?.stop();
    await poison.stop();
    await innocent.stop();
    await database.drop();
  }
}
