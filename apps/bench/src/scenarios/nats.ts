import { startNatsServer } from '@timer-platform/test-support';
import { natsTimerService } from '../contenders/timer-service.ts';
import { type ClaimAndSettleResult, measureClaimAndSettle } from '../limits/claim-and-settle.ts';
import { startNatsReceiver } from '../receiver/receiver.ts';
import { type BurstResult, runBurst } from './burst.ts';
import { type BenchEnvironment, checkpoint, createJobs } from './environment.ts';

const TOPIC = 'bench.timers';
/** Two clients keep both cores busy. */
const LIMIT_CLIENTS = 2;

/** Measures a burst of NATS timers; the figures count publishes instead of HTTP callbacks. */
export async function runNats(environment: BenchEnvironment, timers: number): Promise<BurstResult> {
  const nats = await startNatsServer();
  try {
    const receiver = await startNatsReceiver(nats.url, TOPIC, environment.execPath);
    try {
      return await runBurst({ ...environment, receiver }, natsTimerService, {
        timers,
        start: { env: { NATS_URL: nats.url } },
      });
    } finally {
      await receiver.stop();
    }
  } finally {
    await nats.stop();
  }
}

/** Measures the limit: the same claims and settles and nothing else. */
export async function runClaimAndSettle(
  environment: BenchEnvironment,
  timers: number,
): Promise<ClaimAndSettleResult> {
  const database = await environment.server.createDatabase('bench_limit');
  try {
    await natsTimerService.prepare(database);
    const dueMs = Date.now() - 1_000;
    const jobs = createJobs({ ...environment.receiver, target: TOPIC }, timers, () => dueMs);
    await (await natsTimerService.store(database, jobs)).commit();
    await checkpoint(database);
    return await measureClaimAndSettle(database, timers, LIMIT_CLIENTS);
  } finally {
    await database.drop();
  }
}
