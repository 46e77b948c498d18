import { setTimeout as delay } from 'node:timers/promises';
import { timerService } from '../contenders/timer-service.ts';
import { peakResidentMib } from '../measure/process-usage.ts';
import { summarizeDurations } from '../measure/quantiles.ts';
import { countDeliveryErrors, latenessOf } from '../receiver/arrivals.ts';
import { startHttpReceiver } from '../receiver/receiver.ts';
import { type BenchEnvironment, checkpoint, createJobs, withContender } from './environment.ts';
import type { SteadyResult } from './steady.ts';

const LEAD_MS = 5_000;

/** Measures a steady load to a healthy destination while many timers are due to one that never responds. */
export async function runDeadDestination(
  environment: BenchEnvironment,
  {
    dead,
    perSecond,
    seconds,
  }: { readonly dead: number; readonly perSecond: number; readonly seconds: number },
): Promise<SteadyResult> {
  const { receiver, execPath } = environment;
  const hangingReceiver = await startHttpReceiver({ hangs: true, execPath });
  try {
    return await withContender(
      environment,
      timerService,
      async ({ database, process }) => {
        const firstMs = Date.now() + LEAD_MS;
        const timers = perSecond * seconds;
        const healthy = createJobs(receiver, timers, (n) => firstMs + Math.floor((n * 1_000) / perSecond));
        const hanging = createJobs(hangingReceiver, dead, () => firstMs);
        await (await timerService.store(database, [...hanging, ...healthy])).commit();
        await checkpoint(database);
        await receiver.reset();
        if (Date.now() > firstMs)
          throw new Error('storing the timers took too long: the first is already due');
        await delay(firstMs - Date.now());
        const arrivals = await receiver.collect(timers, seconds * 1_000);
        return {
          lateness: summarizeDurations(latenessOf(arrivals)),
          ...countDeliveryErrors(arrivals, timers),
          peakMib: peakResidentMib(process.pid),
        };
      },
      // Without this the service would stop only when the hanging attempts time out.
      { env: { SHUTDOWN_GRACE_MS: '0' } },
    );
  } finally {
    await hangingReceiver.stop();
  }
}
