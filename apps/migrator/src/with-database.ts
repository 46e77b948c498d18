import { openEmbeddedPostgres } from '@timer-platform/embedded-postgres';
import type { Config } from './config.ts';
import type { Output } from './output.ts';

/** Runs `work` on the database of the settings; the embedded server is started for it when none runs. */
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
    output.note(`no DATABASE_URL is set: using the embedded PostgreSQL in ${embedded.directory}`);
    return await work(embedded.url);
  } finally {
    await embedded.stop();
  }
}
