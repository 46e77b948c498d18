import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { NameServer } from '@timer-platform/test-support';
import { request } from 'undici';
import { BENCH_API_KEY } from '../contenders/timer-service.ts';
import type { LoadedTimer } from '../database/store-timers.ts';
import { startHttpReceiver } from '../receiver/receiver.ts';
import type { BenchEnvironment } from './environment.ts';

export interface NeighborContext {
  readonly environment: BenchEnvironment;
  readonly apiUrl: string;
  /** When the healthy client's first timer is due, in Unix milliseconds. */
  readonly firstMs: number;
  readonly seconds: number;
}

/** What a neighbor does while the healthy client's timers are delivered. */
export interface NoisyNeighbor {
  /** Its timers, stored ahead. */
  readonly timers: readonly LoadedTimer[];
  /** Its requests; ends with the signal. */
  readonly act?: (signal: AbortSignal) => Promise<void>;
  readonly stop: () => Promise<unknown>;
}

const noTimers = { timers: [], stop: () => Promise.resolve() };

/** As many timers per destination, due evenly over the load. */
function evenly({ firstMs, seconds }: NeighborContext, urls: readonly string[], each: number): LoadedTimer[] {
  return urls.flatMap((url) =>
    Array.from({ length: each }, (_, n) => ({
      dueMs: firstMs + Math.floor((n * seconds * 1_000) / each),
      callback: { type: 'http' as const, url },
    })),
  );
}

const RETRY_MS = 100;

async function post(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  try {
    const response = await request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': BENCH_API_KEY, ...headers },
      body,
    });
    await response.body.dump();
  } catch {
    // The service may end a request that is too large before it has read it. Only the healthy client counts.
    await delay(RETRY_MS);
  }
}

const inADay = (): string => new Date(Date.now() + 86_400_000).toISOString();

/** Numbers of 5 bytes that PostgreSQL prints with 309 digits. */
function amplifiedPayloads({ apiUrl }: NeighborContext): NoisyNeighbor {
  const payload = `[${Array.from({ length: 200_000 }, () => '1e308').join(',')}]`;
  const timer = `{"execute_at":"${inADay()}","callback":{"type":"http","url":"http://127.0.0.1/","payload":${payload}}}`;
  return {
    ...noTimers,
    act: async (signal) => {
      while (!signal.aborted) {
        await post(`${apiUrl}/timers`, timer);
        await delay(200);
      }
    },
  };
}

const BATCH_TIMERS = 1_000;
const BATCH_PAYLOAD_BYTES = 14_000;

function keyedBatches({ apiUrl }: NeighborContext): NoisyNeighbor {
  const payload = 'x'.repeat(BATCH_PAYLOAD_BYTES);
  const timers = Array.from({ length: BATCH_TIMERS }, () => ({
    execute_at: inADay(),
    callback: { type: 'http', url: 'http://127.0.0.1/', payload },
  }));
  const body = JSON.stringify({ timers });
  return {
    ...noTimers,
    act: async (signal) => {
      for (let n = 0; !signal.aborted; n += 1)
        await post(`${apiUrl}/timers/batch`, body, { 'idempotency-key': `batch-${n}` });
    },
  };
}

async function hungDestinations(context: NeighborContext): Promise<NoisyNeighbor> {
  const { execPath } = context.environment;
  const receivers = await Promise.all(
    Array.from({ length: 4 }, () => startHttpReceiver({ hangs: true, execPath })),
  );
  return {
    timers: evenly(
      context,
      receivers.map(({ target }) => target),
      2_000,
    ),
    stop: () => Promise.all(receivers.map((receiver) => receiver.stop())),
  };
}

function failingPath(context: NeighborContext): NoisyNeighbor {
  const url = new URL('/fail', context.environment.receiver.target).href;
  return { ...noTimers, timers: evenly(context, [url], 2_000) };
}

function silentDns(context: NeighborContext): NoisyNeighbor {
  const urls = Array.from({ length: 100 }, (_, n) => `http://silent-${n}.test/`);
  return { ...noTimers, timers: evenly(context, urls, 20) };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function interimResponses(context: NeighborContext): Promise<NoisyNeighbor> {
  const server = createServer((socket) => {
    const interval = setInterval(() => socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'), 10);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearInterval(interval);
    });
    socket.resume();
  });
  const port = await listen(server);
  return {
    timers: evenly(context, [`http://127.0.0.1:${port}/`], 500),
    stop: () => Promise.resolve(server.close()),
  };
}

const KEEP_ALIVE_RECEIVERS = 300;

async function longKeepAlive(context: NeighborContext): Promise<NoisyNeighbor> {
  const servers = Array.from({ length: KEEP_ALIVE_RECEIVERS }, () =>
    createHttpServer({ keepAliveTimeout: 600_000 }, (message, response) => {
      message.resume();
      response.end();
    }),
  );
  const ports = await Promise.all(servers.map(listen));
  return {
    timers: evenly(
      context,
      ports.map((port) => `http://127.0.0.1:${port}/`),
      10,
    ),
    stop: () => Promise.resolve(servers.map((server) => (server.closeAllConnections(), server.close()))),
  };
}

export interface NeighborKind {
  readonly start: (context: NeighborContext) => NoisyNeighbor | Promise<NoisyNeighbor>;
  /** Changes the name server of the service; the neighbor cannot be measured without one. */
  readonly nameServer?: (nameServer: NameServer) => void;
  /** Settings of the service. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Neighbors by name. */
export const NEIGHBORS: Readonly<Record<string, NeighborKind>> = {
  'amplified payloads': { start: amplifiedPayloads },
  'silent DNS': {
    start: silentDns,
    nameServer: (nameServer) => {
      nameServer.setBehavior('silent');
    },
  },
  'four hung destinations': { start: hungDestinations },
  'failing path of the same host': { start: failingPath },
  'endless interim responses': { start: interimResponses },
  'keyed batches of 14 MB': {
    start: keyedBatches,
    env: { BATCH_BODY_LIMIT_BYTES: String(16 * 1_048_576) },
  },
  'long keep-alive': { start: longKeepAlive },
};
