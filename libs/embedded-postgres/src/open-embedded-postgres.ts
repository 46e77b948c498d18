import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Cluster, ensureCluster } from './cluster.ts';
import { locateCluster } from './cluster-location.ts';
import { messageOf } from './error-code.ts';
import { findFreePort, isPortFree } from './free-port.ts';
import { findNativePackage, type PostgresBinaries, prepareBinaries } from './postgres-binaries.ts';
import {
  findPostmaster,
  NOT_DURABLE,
  type PostgresSettings,
  type StartedPostgres,
  startPostgres,
  stopPostgres,
} from './postgres-process.ts';
import { clusterUrl, joinServer, type Presence } from './presence.ts';
import type { ServerUser } from './server-user.ts';

export interface EmbeddedPostgresOptions {
  /** Where the data is kept; made when missing. */
  readonly directory: string;
  /** Told what happens, in sentences for a person. */
  readonly log: (message: string) => void;
  /** Further parameters of PostgreSQL. They hold for a server that this call starts, not for one it finds running. */
  readonly settings?: PostgresSettings;
  /** The database that {@link EmbeddedPostgres.url} names; created when missing. By default `timers`. */
  readonly database?: string;
  /** false: without fsync, for data that nobody will miss. By default true. */
  readonly durable?: boolean;
  /** Takes data and programs when root's server user cannot reach the workspace. By default below /var/lib. */
  readonly fallbackDirectory?: string;
}

/** A running PostgreSQL of our own. */
export interface EmbeddedPostgres {
  /** Holds the password: mask it before showing it. */
  readonly url: string;
  readonly port: number;
  /** Where the data really is: `directory`, or the fallback. */
  readonly directory: string;
  /** Whether this process started the server, rather than finding it running. */
  readonly started: boolean;
  /**
   * Ends this process's use of the server, and stops the server if no other process uses it. Call it after the last
   * connection is closed. Idempotent.
   * @returns whether the server is stopped
   */
  stop(): Promise<boolean>;
}

/** The default place of the data: `.timer/postgres` in the workspace. */
export function embeddedDirectory(): string {
  // From src/embedded and from dist/embedded alike.
  return path.join(fileURLToPath(new URL('../../../', import.meta.url)), '.timer', 'postgres');
}

const READY_WITHIN_MS = 60_000;
const POLL_MS = 20;
const START_TRIES = 5;
const RESTART_PAUSE_MS = { first: 100, longest: 5_000 };
const LOG_LINES_SHOWN = 15;

interface Server {
  readonly cluster: Cluster;
  readonly binaries: PostgresBinaries;
  readonly user: ServerUser | undefined;
  readonly settings: PostgresSettings;
}

interface Joined {
  readonly presence: Presence;
  readonly port: number;
  readonly started: boolean;
}

async function lastPort({ portFile }: Cluster): Promise<number | undefined> {
  try {
    const port = Number(await readFile(portFile, 'utf8'));
    return (await isPortFree(port)) ? port : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Joins the server of the cluster, and starts it when none runs. PostgreSQL's own lock file decides between processes
 * that start it at once: the losers' servers end by themselves, and the losers join the winner's.
 *
 * @param fixedPort the port it must have; without it any free one, by preference the last
 */
async function reachServer(server: Server, fixedPort?: number): Promise<Joined> {
  const { cluster, binaries, user, settings } = server;
  const deadline = performance.now() + READY_WITHIN_MS;
  let child: StartedPostgres | undefined;
  let failures = 0;
  let reason = 'it has not answered';
  while (performance.now() < deadline) {
    const postmaster = await findPostmaster(cluster.dataDirectory);
    if (postmaster?.port !== undefined && postmaster.ready) {
      const joined = await joinServer(cluster, postmaster.port);
      if (!('retry' in joined)) {
        await writeFile(cluster.portFile, String(postmaster.port), { mode: 0o600 });
        return { presence: joined, port: postmaster.port, started: postmaster.pid === child?.pid };
      }
      reason = joined.reason;
      if (!joined.retry) break;
    } else if (postmaster === undefined && child?.isRunning() !== true) {
      if (child !== undefined) {
        reason = lastLines(await child.readLog());
        failures += 1;
        if (failures >= START_TRIES) break;
      }
      const port =
        fixedPort ?? (failures === 0 ? await lastPort(cluster) : undefined) ?? (await findFreePort());
      child = await startPostgres(cluster, binaries, user, port, settings);
    }
    await delay(POLL_MS);
  }
  throw new Error(
    `The embedded PostgreSQL in ${cluster.dataDirectory} cannot be used: ${reason}\nIts log is ${cluster.logFile}`,
  );
}

function lastLines(log: string): string {
  return log.trim().split('\n').slice(-LOG_LINES_SHOWN).join('\n');
}

/** Keeps one process joined to the server: when the session is lost, joins again, restarting the server if it is gone. */
class Membership {
  #presence: Presence | undefined;
  #rejoining: Promise<void> | undefined;
  #stopping = false;
  readonly #server: Server;
  readonly #port: number;
  readonly #log: (message: string) => void;

  constructor(server: Server, { presence, port }: Joined, log: (message: string) => void) {
    this.#server = server;
    this.#port = port;
    this.#log = log;
    this.#watch(presence);
  }

  #watch(presence: Presence): void {
    this.#presence = presence;
    presence.onLost(() => {
      this.#presence = undefined;
      if (!this.#stopping) this.#rejoining = this.#rejoin();
    });
  }

  async #rejoin(): Promise<void> {
    this.#log('the embedded PostgreSQL is gone; bringing it back');
    // Clients hold the URL, so it must come back on the same port, however long another program sits on that.
    for (
      let pause = RESTART_PAUSE_MS.first;
      !this.#stopping;
      pause = Math.min(2 * pause, RESTART_PAUSE_MS.longest)
    ) {
      try {
        const { presence, port } = await reachServer(this.#server, this.#port);
        if (port !== this.#port) {
          await presence.end();
          throw new Error(`another process has started it on port ${port}, not ${this.#port}`);
        }
        this.#watch(presence);
        this.#log(`the embedded PostgreSQL is back on port ${port}`);
        return;
      } catch (error) {
        this.#log(`${messageOf(error)}\ntrying again in ${pause} ms`);
        await delay(pause);
      }
    }
  }

  async stop(): Promise<boolean> {
    this.#stopping = true;
    await this.#rejoining;
    const { dataDirectory } = this.#server.cluster;
    const presence = this.#presence;
    if (presence === undefined) return (await findPostmaster(dataDirectory)) === undefined;
    const last = await presence.leave();
    if (last) await stopPostgres(dataDirectory, this.#log);
    await presence.end().catch(() => undefined);
    return last;
  }
}

/**
 * Opens the PostgreSQL of a directory: makes its data directory the first time, joins the server when one runs there,
 * starts it otherwise. Listens on 127.0.0.1 alone, with a random password kept in a file that only its owner can read.
 *
 * **Who stops it:** the last process that uses it. A migrator may start the server and end while a service has joined:
 * the server goes on. A service that was killed leaves it running; the next one joins and stops it at its end. Each
 * process is counted by a session that the kernel closes with it, see presence.ts.
 *
 * **If the server dies** while this process uses it, it is started again on the same port until {@link EmbeddedPostgres.stop}.
 *
 * @throws when PostgreSQL cannot run here or its data cannot be used; the message says why and what to do
 */
export async function openEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { log, database = 'timers', durable = true, fallbackDirectory = '/var/lib/timer-platform' } = options;
  const location = await locateCluster(path.resolve(options.directory), fallbackDirectory, log);
  const binaries = await prepareBinaries(await findNativePackage(), location.user, fallbackDirectory, log);
  const cluster = await ensureCluster(location, binaries, durable, log);
  const settings = { ...(durable ? {} : NOT_DURABLE), ...options.settings };
  const server: Server = { cluster, binaries, user: location.user, settings };
  const joined = await reachServer(server);
  const membership = new Membership(server, joined, log);
  try {
    await joined.presence.ensureDatabase(database);
  } catch (error) {
    await membership.stop();
    throw error;
  }
  let stopped: Promise<boolean> | undefined;
  return {
    url: clusterUrl(cluster, joined.port, database),
    port: joined.port,
    directory: location.directory,
    started: joined.started,
    stop: () => (stopped ??= membership.stop()),
  };
}
