import path from 'node:path';
import type { CallbackConfig } from '@timer-platform/callback-types';
import { migrateToLatest } from '@timer-platform/migrations';
import { z } from 'zod';
import { storeTimers } from '../database/store-timers.ts';
import { type Child, startProgram, workspaceRoot } from '../processes/child.ts';
import type { Contender, Job, StartOptions } from './contender.ts';

/** The API key of every measured service; they listen only on this machine. */
export const BENCH_API_KEY = 'a-key-for-measurements-on-this-machine';

const MAIN = path.join(workspaceRoot, 'apps/timer-service/dist/main.js');
/** The same as in the Dockerfile. */
const NODE_ARGS = [
  '--max-semi-space-size=16',
  '--heap-growing-percent=50',
  '--no-allocation-site-pretenuring',
];

const listening = z.looseObject({ msg: z.literal('listening'), url: z.string() });

function listeningUrl(line: string): string | undefined {
  if (!line.startsWith('{')) return undefined;
  return listening.safeParse(JSON.parse(line)).data?.url;
}

/** Starts the built timer service in production mode and waits until it listens. */
export async function startTimerService(
  databaseUrl: string,
  { execPath, connections, env = {}, nodeArgs = [], nameServer }: StartOptions,
): Promise<Child & { readonly url: string }> {
  const args = [...NODE_ARGS, ...nodeArgs, MAIN];
  const { ready: url, ...child } = await startProgram(
    {
      name: 'the timer service',
      ...(nameServer?.wrap(execPath, args) ?? { program: execPath, args }),
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
  return { ...child, url };
}

/** Counts only timers that are due: those due later do not belong to the measurement. */
const UNFINISHED = `
  SELECT count(*)::integer AS count FROM timers
  WHERE status = 'pending' AND COALESCE(next_attempt_at, execute_at) <= now()`;

function timerServiceWith(name: string, callbackOf: (job: Job) => CallbackConfig): Contender {
  return {
    name,
    settings:
      'defaults, MAX_IN_FLIGHT_PER_DESTINATION = the connections; options of Node.js as in the Dockerfile',
    prepare: async ({ url }) => {
      await migrateToLatest({ databaseUrl: url });
    },
    start: ({ url }, options) => startTimerService(url, options),
    store: ({ client }, jobs) =>
      storeTimers(
        client,
        jobs.map((job) => ({ dueMs: job.payload.dueMs, callback: callbackOf(job) })),
      ),
    countUnfinished: async ({ client }) => {
      const { rows } = await client.query<{ count: number }>(UNFINISHED);
      return rows[0]?.count ?? Number.NaN;
    },
  };
}

/** The built timer service, with default settings except for the number of connections. */
export const timerService = timerServiceWith('timer-platform', ({ url, payload }) => ({
  type: 'http',
  url,
  payload: { ...payload },
}));

/** The same with NATS timers; the `url` of a job is the topic. */
export const natsTimerService = timerServiceWith('timer-platform', ({ url, payload }) => ({
  type: 'nats',
  topic: url,
  payload: { ...payload },
}));

/** The same as {@link timerService}; `onUrl` gets the URL of its API when it has started. */
export function timerServiceWithApi(onUrl: (url: string) => void): Contender {
  return {
    ...timerService,
    start: async ({ url }, options) => {
      const service = await startTimerService(url, options);
      onUrl(service.url);
      return service;
    },
  };
}
