import { maskDatabaseUrl } from '@timer-platform/database';
import type { Logger } from 'pino';
import { systemClock } from './clock.ts';
import { type Config, ConfigError, readConfig } from './config.ts';
import { startDevelopment } from './development/development-mode.ts';
import { createLog } from './log.ts';
import { type Service, startService } from './service.ts';

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function start(config: Config, log: Logger): Promise<Service> {
  const parts = { config, log, clock: systemClock, random: Math.random };
  if (config.mode === 'development') return startDevelopment({ ...parts, print });
  if (config.database.kind !== 'url') throw new Error('without a database there is no production mode');
  log.info({ database: maskDatabaseUrl(config.database.url) }, 'starting');
  return startService({ ...parts, databaseUrl: config.database.url });
}

async function main(): Promise<void> {
  let config: Config;
  try {
    config = readConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
    return;
  }
  const log = createLog(config);
  let stopAsked = false;
  let service: Service | undefined;

  async function stop(signal: NodeJS.Signals): Promise<void> {
    if (stopAsked) return;
    stopAsked = true;
    log.info({ signal }, 'stopping: attempts under way are finished first');
    await service?.stop();
    log.info('stopped');
    process.exit(0);
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop(signal));

  try {
    service = await start(config, log);
    log.info({ url: service.url }, 'listening');
    await service.dispatching;
  } catch (error) {
    log.fatal({ err: error }, 'the timer service could not start');
    process.exitCode = 1;
    await service?.stop();
  }
}

await main();
