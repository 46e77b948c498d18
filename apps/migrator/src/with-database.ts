import { openEmbeddedPostgres } from '@timer-platform/embedded-postgres';
import type { Config } from './config.ts';
import type { Output } from './output.ts';

/** Runs `work` on the database of the settings. Starts the embedded server for it when it is used and does not run. */
export async function withDatabase<T>(
  config: Config,
  output: Output,
  work: (databaseUrl: string) => Promise<T>,
): Promise<T> {
  if (config.database.kind === 'url') return work(config.database.url);
  const embedded = await openEmbeddedPostgres({
    directory: config.embeddedDirectory,
    log: (message) => {
      output.note(message);
    },
  });
  try {
    output.note(`DATABASE_URL is not set: using the embedded PostgreSQL in ${embedded.directory}`);
    return await work(embedded.url);
  } finally {
    await embedded.stop();
  }
}
