import { z } from 'zod';
import { BENCH_API_KEY, startTimerService, timerService } from '../contenders/timer-service.ts';
import type { BenchDatabase } from '../database/bench-server.ts';
import { ModuleProcess } from '../processes/child.ts';
import type { BenchEnvironment } from './environment.ts';

export interface CreateResult {
  /** `POST /timers` requests per second. */
  readonly single: number;
  /** Requests per second to a Fastify route that runs one INSERT. */
  readonly bareRoute: number;
  /** Timers per second by `POST /timers/batch`. */
  readonly batch: number;
  /** Rows per second of multi-row INSERTs without HTTP. */
  readonly bareInsert: number;
}

const SINGLE_CONNECTIONS = 50;
const BATCH_CONNECTIONS = 4;
const BATCH_ROWS = 1_000;
const WARM_UP_SECONDS = 2;

const POST_LOAD = new URL('../limits/post-load-process.ts', import.meta.url);
const BARE_ROUTE = new URL('../limits/bare-insert-process.ts', import.meta.url);
const BARE_INSERTS = new URL('../limits/bare-batch-process.ts', import.meta.url);

const rateSchema = z.object({ perSecond: z.number() });

function timer(): object {
  return {
    execute_at: new Date(Date.now() + 86_400_000).toISOString(),
    callback: { type: 'http', url: 'http://127.0.0.1/callback', payload: { n: 1, text: 'x'.repeat(100) } },
  };
}

/** Measures how many timers per second the API creates, and the limits of its parts. */
export async function runCreate(environment: BenchEnvironment, seconds: number): Promise<CreateResult> {
  const { server, execPath } = environment;
  const load = new ModuleProcess('the load', POST_LOAD, [], execPath);
  const post = async (url: string, body: object, connections: number): Promise<number> => {
    const headers = { 'content-type': 'application/json', 'x-api-key': BENCH_API_KEY };
    const options = { url, body: JSON.stringify(body), headers, connections };
    let perSecond = 0;
    for (const duration of [WARM_UP_SECONDS, seconds]) {
      load.send({ ...options, seconds: duration });
      ({ perSecond } = rateSchema.parse(await load.next()));
    }
    return perSecond;
  };
  const onNewDatabase = async (measure: (database: BenchDatabase) => Promise<number>): Promise<number> => {
    const database = await server.createDatabase('bench_create');
    try {
      await timerService.prepare(database);
      return await measure(database);
    } finally {
      await database.drop();
    }
  };
  const postToService = (path: string, body: object, connections: number): Promise<number> =>
    onNewDatabase(async ({ url }) => {
      const service = await startTimerService(url, { execPath, connections: environment.connections });
      try {
        return await post(`${service.url}${path}`, body, connections);
      } finally {
        await service.stop();
      }
    });
  try {
    await load.next();
    const single = await postToService('/timers', timer(), SINGLE_CONNECTIONS);
    const bareRoute = await onNewDatabase(async ({ url }) => {
      const route = new ModuleProcess('the bare route', BARE_ROUTE, [url], execPath);
      try {
        const listening = z.object({ url: z.string() }).parse(await route.next());
        return await post(`${listening.url}/timers`, timer(), SINGLE_CONNECTIONS);
      } finally {
        await route.stop();
      }
    });
    const timers = Array.from({ length: BATCH_ROWS }, timer);
    const batches = await postToService('/timers/batch', { timers }, BATCH_CONNECTIONS);
    const bareInsert = await onNewDatabase(async ({ url }) => {
      const args = [url, String(BATCH_ROWS), String(BATCH_CONNECTIONS), String(seconds)];
      const insert = new ModuleProcess('the bare inserts', BARE_INSERTS, args, execPath);
      try {
        return rateSchema.parse(await insert.next()).perSecond;
      } finally {
        await insert.stop();
      }
    });
    return { single, bareRoute, batch: batches * BATCH_ROWS, bareInsert };
  } finally {
    await load.stop();
  }
}
