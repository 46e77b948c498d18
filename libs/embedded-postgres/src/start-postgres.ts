import { spawn } from 'node:child_process';
import { open, rename, stat } from 'node:fs/promises';
import type { Cluster } from './cluster.ts';
import { errorCode } from './error-code.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';
import { asUser, type ServerUser } from './server-user.ts';

const MAX_LOG_BYTES = 1_000_000;

/** Parameters of PostgreSQL by name, as in postgresql.conf. */
export type PostgresSettings = Readonly<Record<string, string>>;

const DEFAULTS: PostgresSettings = {
  // TCP on this machine only.
  listen_addresses: '127.0.0.1',
  // In the data directory. Nobody connects to it; it shows other containers that the server is alive.
  unix_socket_directories: process.platform === 'linux' ? '.' : '',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
};

/** Faster, but a crash of the machine loses data: for tests. */
export const NOT_DURABLE: PostgresSettings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
};

/** What a server is started with. */
export interface ServerConfig {
  readonly cluster: Cluster;
  readonly binaries: PostgresBinaries;
  readonly user: ServerUser | undefined;
  readonly settings: PostgresSettings;
  readonly environment: Readonly<Record<string, string>>;
}

/** A server process that this process has started. */
export interface StartedPostgres {
  readonly pid: number;
  isRunning(): boolean;
  /** The server's log since its start. */
  readLog(): Promise<string>;
}

async function rotateLog(logFile: string): Promise<void> {
  try {
    if ((await stat(logFile)).size > MAX_LOG_BYTES) await rename(logFile, `${logFile}.1`);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
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
 * Starts the server in its own session. Ctrl-C in a terminal signals every process of the group, and the server must
 * outlive the application, which still has results to store.
 */
export async function startPostgres(
  { cluster, binaries, user, settings, environment }: ServerConfig,
  port: number,
): Promise<StartedPostgres> {
  await rotateLog(cluster.logFile);
  const log = await open(cluster.logFile, 'a', 0o600);
  try {
    const { size: logStart } = await log.stat();
    const parameters = Object.entries({ ...DEFAULTS, ...settings, port: String(port) });
    const child = spawn(
      binaries.postgres,
      ['-D', cluster.dataDirectory, ...parameters.flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      {
        ...asUser(user),
        cwd: cluster.dataDirectory,
        // Not this process's environment: it may hold secrets, and PG… variables meant for another server.
        env: { ...environment, LC_ALL: 'C' },
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
