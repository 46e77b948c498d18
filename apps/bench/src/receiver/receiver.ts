import { z } from 'zod';
import { ModuleProcess } from '../processes/child.ts';
import { type Arrivals, arrivalsSchema } from './arrivals.ts';

/** Records callbacks in a separate process. */
export interface Receiver {
  /** Where callbacks are sent: an HTTP URL or a NATS topic. */
  readonly target: string;
  readonly pid: number;
  /** Discards the arrivals recorded so far. */
  reset(): Promise<void>;
  /** Waits until `count` different callbacks have arrived, or until none has arrived for `quietMs`. */
  collect(count: number, quietMs?: number): Promise<Arrivals>;
  stop(): Promise<void>;
}

const QUIET_MS = 15_000;

function receiverOf(child: ModuleProcess, target: string): Receiver {
  return {
    target,
    pid: child.pid,
    reset: async () => {
      child.send({ kind: 'reset' });
      await child.next();
    },
    collect: async (count, quietMs = QUIET_MS) => {
      child.send({ kind: 'collect', count, quietMs });
      return arrivalsSchema.parse(await child.next());
    },
    stop: () => child.stop(),
  };
}

/** Starts an HTTP receiver. With `hangs` it accepts requests and never responds. */
export async function startHttpReceiver({
  hangs = false,
  delayMs = 0,
  execPath = process.execPath,
} = {}): Promise<Receiver> {
  const module = new URL('http-receiver-process.ts', import.meta.url);
  const child = new ModuleProcess('the receiver', module, [hangs ? 'hang' : String(delayMs)], execPath);
  const { url } = z.object({ url: z.string() }).parse(await child.next());
  return receiverOf(child, url);
}

/** Starts a subscriber that records the messages of a topic. */
export async function startNatsReceiver(
  natsUrl: string,
  topic: string,
  execPath = process.execPath,
): Promise<Receiver> {
  const module = new URL('nats-receiver-process.ts', import.meta.url);
  const child = new ModuleProcess('the subscriber', module, [natsUrl, topic], execPath);
  await child.next();
  return receiverOf(child, topic);
}
