import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { clusterUrl } from './attachment.ts';
import { ensureCluster } from './cluster.ts';
import { locateCluster } from './cluster-location.ts';
import { findNativePackage, prepareBinaries } from './postgres-binaries.ts';
import { ServerSupervisor } from './server-supervisor.ts';
import { startOrAttach } from './start-or-attach.ts';
import { NOT_DURABLE, type PostgresSettings } from './start-postgres.ts';

export interface EmbeddedPostgresOptions {
  /** Where the data is kept. Created if it does not exist. */
  readonly directory: string;
  /** Called with progress messages for people. */
  readonly log: (message: string) => void;
  /** More parameters of PostgreSQL. They apply only if this call starts the server. */
  readonly settings?: PostgresSettings;
  /** More environment variables of the server. They apply only while this process starts or restarts it. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The database in {@link EmbeddedPostgres.url}. Created if it does not exist. Default: `timers`. */
  readonly database?: string;
  /** false turns fsync off, for disposable data. Default: true. */
  readonly durable?: boolean;
  /** Holds data and programs if root's server user cannot enter the workspace. Default: `/var/lib/timer-platform`. */
  readonly fallbackDirectory?: string;
  /** A directory whose node_modules holds another version of the package. Default: the dependency of this library. */
  readonly installedIn?: string;
}

/** A running embedded PostgreSQL. */
export interface EmbeddedPostgres {
  /** Contains the password: mask it before showing it. */
  readonly url: string;
  readonly port: number;
  /** Where the data is: `directory`, or below the fallback directory. */
  readonly directory: string;
  /** Whether this call started the server. false: it was already running. */
  readonly started: boolean;
  /**
   * Detaches this process, and stops the server if no other process uses it. Close all connections first. Idempotent.
   * @returns whether the server is stopped
   */
  stop(): Promise<boolean>;
}

/** The default data directory: `.timer/postgres` in the workspace. */
export function embeddedDirectory(): string {
  // src/ and dist/ are at the same depth.
  return path.join(fileURLToPath(new URL('../../../', import.meta.url)), '.timer', 'postgres');
}

/**
 * Opens the PostgreSQL of a directory: creates the data directory on first use, attaches to the server if it is running,
 * starts it otherwise. It listens on 127.0.0.1 only, with a random password in a file that only its owner can read.
 *
 * **Who stops it:** the last process that uses it. If a migrator starts the server and exits while a service is attached,
 * the server keeps running. A service that was killed leaves it running; the next one attaches to it and stops it at its
 * end. Each process is counted by a session that the kernel closes with the process, see attachment.ts.
 *
 * **If the server dies** while this process uses it, it is restarted on the same port, until {@link EmbeddedPostgres.stop}.
 *
 * @throws when PostgreSQL cannot run here or its data cannot be used; the message says why and what to do
 */
export async function openEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { log, database = 'timers', durable = true, fallbackDirectory = '/var/lib/timer-platform' } = options;
  const location = await locateCluster(path.resolve(options.directory), fallbackDirectory, log);
  const binaries = await prepareBinaries(
    await findNativePackage(options.installedIn),
    location.user,
    fallbackDirectory,
    log,
  );
  const cluster = await ensureCluster(location, binaries, durable, log);
  const settings = { ...(durable ? {} : NOT_DURABLE), ...options.settings };
  const { environment = {} } = options;
  const server = { cluster, binaries, user: location.user, settings, environment };
  const attached = await startOrAttach(server);
  const supervisor = new ServerSupervisor(server, attached, log);
  try {
    await attached.attachment.ensureDatabase(database);
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
  let stopped: Promise<boolean> | undefined;
  return {
    url: clusterUrl(cluster, attached.port, database),
    port: attached.port,
    directory: location.directory,
    started: attached.started,
    stop: () => (stopped ??= supervisor.stop()),
  };
}
