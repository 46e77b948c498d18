import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  openEmbeddedPostgres,
} from './open-embedded-postgres.ts';

/**
 * Opens a PostgreSQL for one run of tests or measurements, in a new directory below the system's temporary directory.
 * Without fsync by default. `stop()` deletes all its data.
 */
export async function openTemporaryPostgres(
  options: Omit<EmbeddedPostgresOptions, 'directory'>,
): Promise<EmbeddedPostgres> {
  const parent = await mkdtemp(path.join(tmpdir(), 'timer-postgres-'));
  // mkdtemp makes it private, but for root another user runs the server.
  await chmod(parent, 0o755);
  const removeAll = async (directory: string): Promise<void> => {
    await rm(directory, { recursive: true, force: true });
    await rm(parent, { recursive: true, force: true });
  };
  try {
    const server = await openEmbeddedPostgres({ durable: false, ...options, directory: parent });
    let stopped: Promise<boolean> | undefined;
    const stop = async (): Promise<boolean> => {
      const last = await server.stop();
      if (last) await removeAll(server.directory);
      return last;
    };
    return { ...server, stop: () => (stopped ??= stop()) };
  } catch (error) {
    await removeAll(parent);
    throw error;
  }
}
