import { readFile, readlink, realpath } from 'node:fs/promises';
import path from 'node:path';
import { errorCode } from './error-code.ts';

/** What PostgreSQL writes into `postmaster.pid` of its data directory (src/include/utils/pidfile.h). */
export interface PostmasterPid {
  readonly pid: number;
  readonly dataDirectory: string;
  /** Absent while the server is only beginning to start. */
  readonly port: number | undefined;
  /** Whether it says that it takes connections: not while it starts, recovers or stops. */
  readonly ready: boolean;
}

/** Reads the text of a `postmaster.pid`; `undefined` when it is cut short or is something else. */
export function parsePostmasterPid(text: string): PostmasterPid | undefined {
  const [pidLine = '', dataDirectory = '', , portLine = '', , , , status = ''] = text.split('\n');
  // A negative pid is the single-user mode, which serves nobody.
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

/** The entry in `postmaster.pid`, whether or not its process still lives. */
export async function readPostmasterPid(dataDirectory: string): Promise<PostmasterPid | undefined> {
  try {
    return parsePostmasterPid(await readFile(postmasterPidFile(dataDirectory), 'utf8'));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whether a process with this id exists, a zombie included. */
export function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

/**
 * Whether the process in `postmaster.pid` is the server of this very directory.
 *
 * A pid alone proves nothing: after kill -9 or a reboot it may belong to another program, it may be a zombie that
 * nobody reaps (containers), and in a copied workspace it names the server of the original. PostgreSQL works in its
 * data directory, so on Linux the working directory of the process decides; elsewhere the path in the file does.
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
    // Not ours to look at, or no /proc: PostgreSQL itself has the last word when it is started.
    return errorCode(error) !== 'ENOENT';
  }
}
