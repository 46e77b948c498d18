import { startNatsServer } from '@timer-platform/test-support';
import { natsTimerService } from '../contenders/timer-service.ts';
import { type ClaimAndSettleResult, measureClaimAndSettle } from '../limits/claim-and-settle.ts';
import { startNatsReceiver } from '../receiver/receiver.ts';
import { type Arena, calm, jobsTo } from './arena.ts';
import { type BurstResult, playBurst } from './burst.ts';

const TOPIC = 'bench.timers';
/** Two keep both cores busy. */
const LIMIT_CLIENTS = 2;

/** Due NATS timers; the figures are those of a burst, publishes in the place of callbacks. */
export async function playNats(arena: Arena, timers: number): Promise<BurstResult> {
  const nats = await startNatsServer();
  try {
    const receiver = await startNatsReceiver(nats.url, TOPIC, arena.execPath);
    try {
      return await playBurst({ ...arena, receiver }, natsTimerService, {
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

/** The bare limit of the same claims and settles. */
export async function playClaimAndSettle(arena: Arena, timers: number): Promise<ClaimAndSettleResult> {
  const database = await arena.server.createDatabase('bench_limit');
  try {
    await natsTimerService.prepare(database);
    const dueMs = Date.now() - 1_000;
    const jobs = jobsTo({ ...arena.receiver, target: TOPIC }, timers, () => dueMs);
    await (await natsTimerService.store(database, jobs)).commit();
    await calm(database);
    return await measureClaimAndSettle(database, timers, LIMIT_CLIENTS);
  } finally {
    await database.drop();
  }
}
