import { readFile, readlink, realpath, unlink } from 'node:fs/promises';
import path from 'node:path';
import { errorCode } from './error-code.ts';

/** The content of `postmaster.pid` in a data directory (src/include/utils/pidfile.h). */
export interface PostmasterPid {
  readonly pid: number;
  readonly dataDirectory: string;
  /** undefined early in the start of the server. */
  readonly port: number | undefined;
  /** Whether the server accepts connections: false while it starts, recovers or stops. */
  readonly ready: boolean;
}

/** Parses the text of a `postmaster.pid`. Returns undefined if it is incomplete or malformed. */
export function parsePostmasterPid(text: string): PostmasterPid | undefined {
  const [pidLine = '', dataDirectory = '', , portLine = '', , , , status = ''] = text.split('\n');
  // The pid is negative in single-user mode.
  const pid = Math.abs(Number.parseInt(pidLine, 10));
  if (!Number.isSafeInteger(pid) || pid === 0 || dataDirectory === '') return undefined;
  const port = Number.parseInt(portLine, 10);
  return {
    pid,
    dataDirectory,
    port: port > 0 && port <= 65_535 ? port : undefined,
    ready: status.trim() === 'ready',
  };
}

export function postmasterPidFile(dataDirectory: string): string {
  return path.join(dataDirectory, 'postmaster.pid');
}

/** Reads `postmaster.pid`, whether or not its process still runs. Returns undefined if there is none. */
export async function readPostmasterPid(dataDirectory: string): Promise<PostmasterPid | undefined> {
  try {
    return parsePostmasterPid(await readFile(postmasterPidFile(dataDirectory), 'utf8'));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whether a process with this id exists. Zombies count. */
export function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

/**
 * Whether the process in `postmaster.pid` is the server of this directory.
 *
 * The pid alone is not enough. After kill -9 or a reboot it may belong to another program or to a zombie that nobody
 * reaps (containers), and in a copied workspace it belongs to the server of the original. The working directory of
 * PostgreSQL is its data directory, so on Linux that of the process decides; elsewhere, the path in the file.
 */
export async function isPostmasterOf(
  dataDirectory: string,
  { pid, dataDirectory: written }: PostmasterPid,
): Promise<boolean> {
  if (!processExists(pid)) return false;
  const expected = await realpath(dataDirectory);
  if (process.platform !== 'linux') return written === expected || written === dataDirectory;
  try {
    return (await readlink(`/proc/${pid}/cwd`)) === expected;
  } catch (error) {
    // No permission, or no /proc: assume a server. PostgreSQL checks again when it starts.
    return errorCode(error) !== 'ENOENT';
  }
}

/**
 * Finds the server that runs on this data directory, no matter which process started it. Deletes a `postmaster.pid` that
 * a kill -9 left behind if its pid now belongs to another program: PostgreSQL would refuse to start.
 */
export async function findPostmaster(dataDirectory: string): Promise<PostmasterPid | undefined> {
  const found = await readPostmasterPid(dataDirectory);
  if (found === undefined || (await isPostmasterOf(dataDirectory, found))) return found;
  if (processExists(found.pid) && (await readPostmasterPid(dataDirectory))?.pid === found.pid)
    await unlink(postmasterPidFile(dataDirectory));
  return undefined;
}
