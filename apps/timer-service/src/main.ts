import { maskDatabaseUrl } from '@timer-platform/database';
import type { Logger } from 'pino';
import { systemClock } from './clock.ts';
import { type Config, ConfigError, readConfig } from './config.ts';
import { createLogger } from './observability/logger.ts';
import { type Service, startService } from './service.ts';

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function start(config: Config, log: Logger): Promise<Service> {
  const parts = { config, log, clock: systemClock, random: Math.random };
  if (config.mode === 'development') {
    // Loaded only here: the embedded server and the migrations would cost every production process their memory.
    const { startDevelopment } = await import('./development/development-mode.ts');
    return startDevelopment({ ...parts, print });
  }
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
  const log = createLogger(config);
  const asked = stopAsked(log);
  const starting = start(config, log);
  try {
    // Asked to stop while it starts, it finishes starting first: then everything that was opened is known and closed.
    const service = await starting;
    log.info({ url: service.url }, 'listening');
    service.dispatching.catch((error: unknown) => {
      log.error({ err: error }, 'the dispatcher could not start');
    });
    await asked;
    await service.stop();
    log.info('stopped');
    process.exit(0);
  } catch (error) {
    log.fatal({ err: error }, 'the timer service has failed');
    process.exitCode = 1;
  }
}

/** Resolves when the process is asked to stop; further signals change nothing. */
function stopAsked(log: Logger): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.on(signal, () => {
        log.info({ signal }, 'stopping: attempts under way are finished first');
        resolve();
      });
  });
}

await main();
