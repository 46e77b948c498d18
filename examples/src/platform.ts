import { openTemporaryPostgres } from '@timer-platform/embedded-postgres';
import { migrateToLatest } from '@timer-platform/migrations';
import { startTimerService } from '@timer-platform/test-support';

/** A timer service that an example runs against. */
export interface Platform {
  readonly url: string;
  readonly apiKey: string;
  readonly signingSecret: string;
  /** Its database, as the owner of the tables. */
  readonly databaseUrl: string;
  stop(): Promise<void>;
}

const SIGNING_SECRET = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;

/**
 * Starts an embedded PostgreSQL and a timer service for one run.
 *
 * @param env more settings of the service
 */
async function startPlatform(env: Readonly<Record<string, string>>): Promise<Platform> {
  const postgres = await openTemporaryPostgres({ log: () => undefined });
  try {
    await migrateToLatest({ databaseUrl: postgres.url });
    const service = await startTimerService({
      databaseUrl: postgres.url,
      env: { SIGNING_SECRETS: SIGNING_SECRET, ...env },
    });
    return {
      url: service.url,
      apiKey: service.apiKey,
      signingSecret: SIGNING_SECRET,
      databaseUrl: postgres.url,
      stop: async () => {
        await service.stop();
        await postgres.stop();
      },
    };
  } catch (error) {
    await postgres.stop();
    throw error;
  }
}

/** Runs a program against a platform of its own. */
export async function withPlatform(
  run: (platform: Platform) => Promise<void>,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const platform = await startPlatform(env);
  try {
    await run(platform);
  } finally {
    await platform.stop();
  }
}
