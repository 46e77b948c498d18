import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchServer } from './bench-server.ts';
import type { StreamingReplica } from './replica.ts';

const SAMPLE_MS = 100;

/** The state of a server at an instant of `performance.now()`. */
export interface ServerSample {
  readonly at: number;
  /** WAL written so far. */
  readonly walBytes: number;
  /** WAL that the replica has not replayed; NaN without a replica. */
  readonly lagBytes: number;
}

async function sample(server: BenchServer, replica: StreamingReplica | undefined): Promise<ServerSample> {
  const walBytes = await server.walBytes();
  const lagBytes = (await replica?.lagBytes()) ?? Number.NaN;
  return { walBytes, lagBytes, at: performance.now() };
}

/** Samples a server until it is stopped. */
export function startSampling(
  server: BenchServer,
  replica?: StreamingReplica,
): { readonly stop: () => Promise<ServerSample[]> } {
  const stop = new AbortController();
  const done = (async () => {
    const samples = [await sample(server, replica)];
    while (!stop.signal.aborted) {
      await sleep(SAMPLE_MS);
      samples.push(await sample(server, replica));
    }
    return samples;
  })();
  return {
    stop: () => {
      stop.abort();
      return done;
    },
  };
}
