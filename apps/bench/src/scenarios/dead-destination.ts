import { setTimeout as delay } from 'node:timers/promises';
import { timerService } from '../contenders/timer-service.ts';
import { peakResidentMib } from '../measure/process-usage.ts';
import { spreadOf } from '../measure/quantiles.ts';
import { completenessOf, latenessOf } from '../receiver/arrivals.ts';
import { startHttpReceiver } from '../receiver/receiver.ts';
import { type Arena, calm, jobsTo, play } from './arena.ts';
import type { SteadyResult } from './steady.ts';

const LEAD_MS = 5_000;

/** A steady load to a healthy destination while many timers are due to one that takes requests and never answers. */
export async function playDeadDestination(
  arena: Arena,
  {
    dead,
    perSecond,
    seconds,
  }: { readonly dead: number; readonly perSecond: number; readonly seconds: number },
): Promise<SteadyResult> {
  const { receiver, execPath } = arena;
  const hole = await startHttpReceiver({ hangs: true, execPath });
  try {
    return await play(
      arena,
      timerService,
      async ({ database, process }) => {
        const firstMs = Date.now() + LEAD_MS;
        const timers = perSecond * seconds;
        const healthy = jobsTo(receiver, timers, (n) => firstMs + Math.floor((n * 1_000) / perSecond));
        const hanging = jobsTo(hole, dead, () => firstMs);
        await (await timerService.store(database, [...hanging, ...healthy])).commit();
        await calm(database);
        await receiver.reset();
        if (Date.now() > firstMs)
          throw new Error('storing the timers took too long: the first is due already');
        await delay(firstMs - Date.now());
        const arrivals = await receiver.collect(timers, seconds * 1_000);
        return {
          lateness: spreadOf(latenessOf(arrivals)),
          ...completenessOf(arrivals, timers),
          peakMib: peakResidentMib(process.pid),
        };
      },
      // The attempts that hang would hold up the end for as long as their time limit.
      { env: { SHUTDOWN_GRACE_MS: '0' } },
    );
  } finally {
    await hole.stop();
  }
}
