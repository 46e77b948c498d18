import { z } from 'zod';
import { ModuleProcess } from '../processes/child.ts';
import { rateOf } from '../receiver/arrivals.ts';
import type { Receiver } from '../receiver/receiver.ts';

export interface UndiciLoopResult {
  readonly perSecond: number;
  /** CPU time of the sending process per request, in microseconds. */
  readonly cpuMicroseconds: number;
}

export interface UndiciLoopOptions {
  readonly receiver: Receiver;
  readonly count: number;
  readonly warmUp: number;
  readonly connections: number;
  readonly execPath?: string;
}

/** Measures how many requests per second a bare undici loop sends to the receiver. */
export async function measureUndiciLoop(options: UndiciLoopOptions): Promise<UndiciLoopResult> {
  const { receiver, count, warmUp, connections, execPath } = options;
  const module = new URL('undici-loop-process.ts', import.meta.url);
  const child = new ModuleProcess('the undici loop', module, [], execPath);
  const send = async (requests: number) => {
    child.send({ url: receiver.target, count: requests, connections });
    return z.object({ cpuSeconds: z.number() }).parse(await child.next());
  };
  try {
    await child.next();
    await send(warmUp);
    await receiver.reset();
    const { cpuSeconds } = await send(count);
    const arrivals = await receiver.collect(count);
    return { perSecond: rateOf(arrivals), cpuMicroseconds: (cpuSeconds * 1e6) / count };
  } finally {
    await child.stop();
  }
}
