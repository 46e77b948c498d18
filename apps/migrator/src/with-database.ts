import type { Output } from '@timer-platform/command-line';
import { openEmbeddedPostgres } from '@timer-platform/embedded-postgres';
import { MigrationError } from '@timer-platform/migrations';
import type { Config } from './config.ts';

/** Runs `work` on the embedded database. Starts its server if it does not run; stops it if no other process uses it. */
export async function withEmbeddedDatabase<T>(
  directory: string,
  output: Output,
  work: (databaseUrl: string) => Promise<T>,
): Promise<T> {
  const embedded = await openEmbeddedPostgres({
    directory,
    log: (message) => {
      output.note(message);
    },
  }).catch((cause: unknown) => {
    throw new MigrationError('connection', cause instanceof Error ? cause.message : String(cause), { cause });
  });
  try {
    output.note(`DATABASE_URL is not set: using the embedded PostgreSQL in ${embedded.directory}`);
    return await work(embedded.url);
  } finally {
    await embedded.stop();
  }
}

/** Runs `work` on the database of the settings. */
export async function withDatabase<T>(
  { database, embeddedDirectory }: Config,
  output: Output,
  work: (databaseUrl: string) => Promise<T>,
): Promise<T> {
  return database.kind === 'url' ? work(database.url) : withEmbeddedDatabase(embeddedDirectory, output, work);
}
