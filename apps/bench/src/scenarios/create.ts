import { z } from 'zod';
import { BENCH_API_KEY, startTimerService, timerService } from '../contenders/timer-service.ts';
import type { BenchDatabase } from '../database/bench-server.ts';
import { ModuleProcess } from '../processes/child.ts';
import type { Arena } from './arena.ts';

export interface CreateResult {
  /** Requests per second. */
  readonly single: number;
  /** Requests per second to a Fastify route that does one bare INSERT. */
  readonly bareRoute: number;
  /** Timers per second. */
  readonly batch: number;
  /** Rows per second of bare multi-row INSERTs. */
  readonly bareInsert: number;
}

const SINGLE_CONNECTIONS = 50;
const BATCH_CONNECTIONS = 4;
const BATCH_ROWS = 1_000;
const WARM_UP_SECONDS = 2;

const rateSchema = z.object({ perSecond: z.number() });

function timer(): object {
  return {
    execute_at: new Date(Date.now() + 86_400_000).toISOString(),
    callback: { type: 'http', url: 'http://127.0.0.1/callback', payload: { n: 1, text: 'x'.repeat(100) } },
  };
}

/** How many timers can be created, beside what is the least that it can cost. */
export async function playCreate(arena: Arena, seconds: number): Promise<CreateResult> {
  const { server, execPath } = arena;
  const module = (file: string): URL => new URL(`../limits/${file}`, import.meta.url);
  const load = new ModuleProcess('the load', module('post-load-process.ts'), [], execPath);
  const post = async (url: string, body: object, connections: number): Promise<number> => {
    const headers = { 'content-type': 'application/json', 'x-api-key': BENCH_API_KEY };
    const order = { url, body: JSON.stringify(body), headers, connections };
    let perSecond = 0;
    for (const duration of [WARM_UP_SECONDS, seconds]) {
      load.send({ ...order, seconds: duration });
      ({ perSecond } = rateSchema.parse(await load.next()));
    }
    return perSecond;
  };
  const onFreshDatabase = async (measure: (database: BenchDatabase) => Promise<number>): Promise<number> => {
    const database = await server.createDatabase('bench_create');
    try {
      await timerService.prepare(database);
      return await measure(database);
    } finally {
      await database.drop();
    }
  };
  const byService = (path: string, body: object, connections: number): Promise<number> =>
    onFreshDatabase(async ({ url }) => {
      const service = await startTimerService(url, { execPath, connections: arena.connections });
      try {
        return await post(`${service.url}${path}`, body, connections);
      } finally {
        await service.stop();
      }
    });
  try {
    await load.next();
    const single = await byService('/timers', timer(), SINGLE_CONNECTIONS);
    const bareRoute = await onFreshDatabase(async ({ url }) => {
      const route = new ModuleProcess('the bare route', module('bare-insert-process.ts'), [url], execPath);
      try {
        const answer = z.object({ url: z.string() }).parse(await route.next());
        return await post(`${answer.url}/timers`, timer(), SINGLE_CONNECTIONS);
      } finally {
        await route.stop();
      }
    });
    const timers = Array.from({ length: BATCH_ROWS }, timer);
    const batches = await byService('/timers/batch', { timers }, BATCH_CONNECTIONS);
    const bareInsert = await onFreshDatabase(async ({ url }) => {
      const args = [url, String(BATCH_ROWS), String(BATCH_CONNECTIONS), String(seconds)];
      const insert = new ModuleProcess('the bare inserts', module('bare-batch-process.ts'), args, execPath);
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
