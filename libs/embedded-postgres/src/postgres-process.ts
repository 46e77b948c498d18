import { spawn } from 'node:child_process';
import { open, rename, stat, unlink } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from './cluster.ts';
import { errorCode } from './error-code.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';
import {
  isPostmasterOf,
  type PostmasterPid,
  postmasterPidFile,
  processExists,
  readPostmasterPid,
} from './postmaster-pid.ts';
import { asUser, type ServerUser } from './server-user.ts';

const LOG_BYTES = 1_000_000;
const POLL_MS = 10;
/** A fast shutdown writes a checkpoint, which takes its time on a slow disk. */
const FAST_STOP_MS = 60_000;
const IMMEDIATE_STOP_MS = 10_000;

/** Parameters of PostgreSQL by name, as in postgresql.conf. */
export type PostgresSettings = Readonly<Record<string, string>>;

const DEFAULTS: PostgresSettings = {
  // This machine alone, by TCP alone: no socket file that another server's could clash with.
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
};

/** Loses data in a crash of the machine and is faster for it: for tests. */
export const NOT_DURABLE: PostgresSettings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
};

/** A server process that this process started. */
export interface StartedPostgres {
  readonly pid: number;
  /** Whether the process is still there. */
  isRunning(): boolean;
  /** What the server has logged since it was started. */
  readLog(): Promise<string>;
}

async function rotateLog(logFile: string): Promise<void> {
  try {
    if ((await stat(logFile)).size > LOG_BYTES) await rename(logFile, `${logFile}.1`);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

/**
 * Starts the server, in a session of its own: a Ctrl-C in the terminal goes to every process of the group, and the
 * server must outlive the application that still has results to store.
 */
export async function startPostgres(
  cluster: Cluster,
  { postgres }: PostgresBinaries,
  user: ServerUser | undefined,
  port: number,
  settings: PostgresSettings,
): Promise<StartedPostgres> {
  await rotateLog(cluster.logFile);
  const log = await open(cluster.logFile, 'a', 0o600);
  try {
    const { size: logStart } = await log.stat();
    const parameters = Object.entries({ ...DEFAULTS, ...settings, port: String(port) });
    const child = spawn(
      postgres,
      ['-D', cluster.dataDirectory, ...parameters.flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      {
        ...asUser(user),
        cwd: cluster.dataDirectory,
        // Nothing of this process's environment: it may hold secrets, and PG… variables that mean another server.
        env: { LC_ALL: 'C' },
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
      },
    );
    const pid = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('spawn', () => {
        resolve(child.pid ?? 0);
      });
    });
    child.unref();
    return {
      pid,
      isRunning: () => child.exitCode === null && child.signalCode === null,
      readLog: () => readFrom(cluster.logFile, logStart),
    };
  } finally {
    await log.close();
  }
}

async function readFrom(file: string, position: number): Promise<string> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const { buffer, bytesRead } = await handle.read({
      buffer: Buffer.alloc(Math.max(0, size - position)),
      position,
    });
    return buffer.subarray(0, bytesRead).toString('utf8');
  } finally {
    await handle.close();
  }
}

/**
 * The server that runs on this data directory, whoever started it. A `postmaster.pid` that a kill -9 left behind is
 * taken away where PostgreSQL itself would take the unrelated process of that id for a server and refuse to start.
 */
export async function findPostmaster(dataDirectory: string): Promise<PostmasterPid | undefined> {
  const found = await readPostmasterPid(dataDirectory);
  if (found === undefined || (await isPostmasterOf(dataDirectory, found))) return found;
  if (processExists(found.pid) && (await readPostmasterPid(dataDirectory))?.pid === found.pid)
    await unlink(postmasterPidFile(dataDirectory));
  return undefined;
}

async function isGone(dataDirectory: string, { pid }: PostmasterPid, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    // The file goes last of all, and unlike the process it does not linger as a zombie that nobody reaps.
    const now = await readPostmasterPid(dataDirectory);
    if (now?.pid !== pid || !(await isPostmasterOf(dataDirectory, now))) return true;
    if (performance.now() > deadline) return false;
    await delay(POLL_MS);
  }
}

/**
 * Stops the server: a fast shutdown (sessions are ended, the data is left clean), and if that takes too long an
 * immediate one, after which the next start recovers from the log.
 */
export async function stopPostgres(dataDirectory: string, log: (message: string) => void): Promise<void> {
  const postmaster = await findPostmaster(dataDirectory);
  if (postmaster === undefined) return;
  for (const [signal, withinMs] of [
    ['SIGINT', FAST_STOP_MS],
    ['SIGQUIT', IMMEDIATE_STOP_MS],
  ] as const) {
    try {
      process.kill(postmaster.pid, signal);
    } catch (error) {
      if (errorCode(error) !== 'ESRCH') throw error;
    }
    if (await isGone(dataDirectory, postmaster, withinMs)) return;
    log(`PostgreSQL (process ${postmaster.pid}) has not stopped ${withinMs / 1000} s after ${signal}`);
  }
  throw new Error(`PostgreSQL (process ${postmaster.pid}) does not stop`);
}
