import path from 'node:path';
import { openEmbeddedPostgres } from '@timer-platform/embedded-postgres';
import { migrateToLatest } from '@timer-platform/migrations';
import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import { type Service, type ServiceOptions, startService } from '../service.ts';
import { developmentApiKey } from './api-key-file.ts';
import { showFirstTimer } from './first-timer.ts';
import { Inspector } from './inspector.ts';

export interface DevelopmentOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly clock: Clock;
  readonly random: () => number;
  readonly console?: ServiceOptions['console'];
  /** Prints a line on the terminal. */
  readonly print: (line: string) => void;
}

/**
 * Starts the service for development: on an embedded PostgreSQL unless a database is set, migrated at every start, with a
 * generated API key and an inspector that receives callbacks.
 */
export async function startDevelopment(options: DevelopmentOptions): Promise<Service> {
  const { config, log, clock, random, print } = options;
  const closers: (() => Promise<unknown>)[] = [];
  const closeAll = async () => {
    for (const close of closers.toReversed()) await close();
  };
  try {
    const databaseUrl = await openDatabase(options, closers);
    await migrateToLatest({
      databaseUrl,
      onProgress: (progress) => {
        if (progress.kind === 'applied') print(`Migrated ${progress.file.name}`);
      },
    });
    const apiKey = config.api.apiKey ?? (await developmentApiKey(config.directory));
    const inspector = new Inspector();
    const service = await startService({
      config: { ...config, api: { ...config.api, apiKey } },
      databaseUrl,
      log,
      clock,
      random,
      devRoutes: inspector.routes,
      console: options.console,
    });
    closers.push(() => service.stop());
    const { url } = service;
    print('');
    print(`Timer Platform listens on ${url}`);
    print(`  API key     ${apiKey}`);
    if (options.console !== undefined)
      print(`  console     ${url}${config.api.console.path}   (log in with the API key)`);
    print(`  inspector   ${url}/inspector   (callbacks to ${url}/inspector/anything)`);
    print(`  API docs    ${url}/docs`);
    print('');
    print('Store a timer that calls back in three seconds:');
    print('');
    print(
      `  curl -s ${url}/timers -H 'X-API-Key: ${apiKey}' -H 'Content-Type: application/json' -d '{"delay":"3s","callback":{"type":"http","url":"${url}/inspector/hello","payload":{"hello":"world"}}}'`,
    );
    print('');
    await service.dispatching;
    await showFirstTimer({ service, inspector, apiKey, print }).catch((error: unknown) => {
      log.error({ err: error }, 'the first timer failed');
    });
    print('Press Ctrl-C to stop. Timers are kept.');
    return { ...service, stop: closeAll };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

async function openDatabase(
  { config, print }: DevelopmentOptions,
  closers: (() => Promise<unknown>)[],
): Promise<string> {
  if (config.database.kind === 'url') return config.database.url;
  const directory = path.resolve(config.directory, 'postgres');
  print(`Starting the embedded PostgreSQL in ${directory}`);
  const postgres = await openEmbeddedPostgres({ directory, log: print });
  closers.push(() => postgres.stop());
  return postgres.url;
}
