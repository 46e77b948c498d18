import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { attach, type Attachment } from './attachment.ts';
import type { Cluster } from './cluster.ts';
import { findPostmaster } from './find-postmaster.ts';
import { findFreePort, isPortFree } from './free-port.ts';
import { postmasterPidFile, readPostmasterPid } from './postmaster-pid.ts';
import { type ServerConfig, type StartedPostgres, startPostgres } from './start-postgres.ts';

const READY_TIMEOUT_MS = 60_000;
/** Elsewhere than on Linux, each check of a process starts a program. */
const POLL_MS = process.platform === 'linux' ? 20 : 100;
const MAX_STARTS = 5;
const LOG_LINES_SHOWN = 15;

export interface AttachedServer {
  readonly attachment: Attachment;
  readonly port: number;
  /** Whether this call started the server. */
  readonly started: boolean;
}

/** The port of the last start, if it is free. */
async function lastPort({ portFile }: Cluster): Promise<number | undefined> {
  try {
    const port = Number(await readFile(portFile, 'utf8'));
    return (await isPortFree(port)) ? port : undefined;
  } catch {
    return undefined;
  }
}

function lastLines(log: string): string {
  return log.trim().split('\n').slice(-LOG_LINES_SHOWN).join('\n');
}

/**
 * Attaches to the server of the cluster, and starts it if it is not running. When several processes start it at once,
 * PostgreSQL's own lock file decides: the other servers exit, and their processes attach to the one that remains.
 *
 * @param fixedPort the port the server must use; by default the last one, or any free one
 * @throws when the server does not start; the message holds the end of its log
 */
export async function startOrAttach(server: ServerConfig, fixedPort?: number): Promise<AttachedServer> {
  const { cluster } = server;
  const deadline = performance.now() + READY_TIMEOUT_MS;
  let child: StartedPostgres | undefined;
  let failures = 0;
  let reason = 'the server does not respond';
  while (performance.now() < deadline) {
    const recorded = await readPostmasterPid(cluster.dataDirectory);
    if (recorded?.port !== undefined && recorded.ready) {
      const result = await attach(cluster, recorded.port);
      if (!('retry' in result)) {
        await writeFile(cluster.portFile, String(recorded.port), { mode: 0o600 });
        return { attachment: result, port: recorded.port, started: recorded.pid === child?.pid };
      }
      reason = `${result.reason}. If process ${recorded.pid} is not PostgreSQL, delete ${postmasterPidFile(cluster.dataDirectory)}`;
      // Another cluster's server may have the port of a stale file.
      if (!result.retry && (await findPostmaster(cluster.dataDirectory)) !== undefined) break;
    }
    if (child?.isRunning() !== true && (await findPostmaster(cluster.dataDirectory)) === undefined) {
      if (child !== undefined) {
        reason = lastLines(await child.readLog());
        failures += 1;
        if (failures >= MAX_STARTS) break;
      }
      const port =
        fixedPort ?? (failures === 0 ? await lastPort(cluster) : undefined) ?? (await findFreePort());
      child = await startPostgres(server, port);
    }
    await delay(POLL_MS);
  }
  throw new Error(
    `The embedded PostgreSQL in ${cluster.dataDirectory} cannot be used: ${reason}\nIts log is ${cluster.logFile}`,
  );
}
