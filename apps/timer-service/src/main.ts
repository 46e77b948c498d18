import { maskDatabaseUrl } from '@timer-platform/database';
import type { Logger } from 'pino';
import { createConsole } from './api/console/console.ts';
import { systemClock } from './clock.ts';
import { type Config, ConfigError, readConfig } from './config.ts';
import { createLogger } from './observability/logger.ts';
import { type Service, startService } from './service.ts';

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function start(config: Config, log: Logger): Promise<Service> {
  const parts = {
    config,
    log,
    clock: systemClock,
    random: Math.random,
    console: config.api.console.enabled ? createConsole({ mode: config.mode }) : undefined,
  };
  if (config.mode === 'development') {
    // Imported here so that production processes do not load the embedded server and the migrations.
    const { startDevelopment } = await import('./development/development-mode.ts');
    return startDevelopment({ ...parts, print });
  }
  if (config.database.kind !== 'url') throw new Error('production mode needs DATABASE_URL or PG_HOST');
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
  const stopRequested = waitForStopSignal(log);
  try {
    // A stop signal during the start waits until it ends: only then is everything known that has to be closed.
    const service = await start(config, log);
    log.info({ url: service.url }, 'listening');
    service.dispatching.catch((error: unknown) => {
      log.error({ err: error }, 'the dispatcher could not start');
    });
    await stopRequested;
    await service.stop();
    log.info('stopped');
    process.exit(0);
  } catch (error) {
    log.fatal({ err: error }, 'the timer service failed');
    process.exitCode = 1;
  }
}

/** Resolves on the first SIGINT or SIGTERM. Further signals have no effect. */
function waitForStopSignal(log: Logger): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.on(signal, () => {
        log.info({ signal }, 'stopping after the attempts in progress');
        resolve();
      });
  });
}

await main();
