import path from 'node:path';
import { migrateToLatest } from '@timer-platform/database/migrations';
import { z } from 'zod';
import { storeTimers } from '../database/store-timers.ts';
import { type Child, startProgram, workspaceRoot } from '../processes/child.ts';
import type { Contender, StartOptions } from './contender.ts';

/** For every process of a measurement; it reaches nothing but this machine. */
export const BENCH_API_KEY = 'a-key-for-measurements-on-this-machine';

const MAIN = path.join(workspaceRoot, 'apps/timer-service/dist/main.js');

const listening = z.looseObject({ msg: z.literal('listening'), url: z.string() });

function listeningUrl(line: string): string | undefined {
  if (!line.startsWith('{')) return undefined;
  return listening.safeParse(JSON.parse(line)).data?.url;
}

/** Starts the built timer service in production mode; resolves when it listens. */
export async function startTimerService(
  databaseUrl: string,
  { execPath, connections, env = {}, nodeArgs = [] }: StartOptions,
): Promise<Child & { readonly url: string }> {
  const { found, ...child } = await startProgram(
    {
      name: 'the timer service',
      program: execPath,
      args: [...nodeArgs, MAIN],
      env: {
        DATABASE_URL: databaseUrl,
        API_KEY: BENCH_API_KEY,
        HOST: '127.0.0.1',
        PORT: '0',
        NODE_ENV: 'production',
        LOG_LEVEL: 'info',
        ALLOWED_DESTINATIONS: '127.0.0.1',
        MAX_IN_FLIGHT_PER_DESTINATION: String(connections),
        ...env,
      },
    },
    listeningUrl,
  );
  return { ...child, url: found };
}

/** This platform, as it is built and with its default settings but for the number of connections. */
export const timerService: Contender = {
  name: 'timer-platform',
  settings: 'defaults, MAX_IN_FLIGHT_PER_DESTINATION = the connections',
  prepare: async ({ url }) => {
    await migrateToLatest({ databaseUrl: url });
  },
  start: ({ url }, options) => startTimerService(url, options),
  store: ({ client }, jobs) =>
    storeTimers(
      client,
      jobs.map(({ url, payload }) => ({ dueMs: payload.dueMs, callback: { type: 'http', url, payload } })),
    ),
  unfinished: async ({ client }) => {
    const { rows } = await client.query(
      `SELECT count(*)::integer AS count FROM timers WHERE status IN ('pending', 'executing')`,
    );
    return z.array(z.object({ count: z.number() })).parse(rows)[0]?.count ?? Number.NaN;
  },
};
