import { readFile } from 'node:fs/promises';
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
