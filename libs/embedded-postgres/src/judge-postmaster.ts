import type { PostmasterPid } from './postmaster-pid.ts';

/** What this machine shows about the process that a `postmaster.pid` names. */
export interface Observation {
  /** Zombies count. */
  readonly exists: boolean;
  /** Linux only. PostgreSQL's is its data directory. */
  readonly workingDirectory?: string | undefined;
  /** As the process list shows it: with arguments on macOS, only the name of the program on Windows. */
  readonly commandLine?: string | undefined;
  /** Whether a server accepts connections on the Unix socket in the data directory. Linux only. */
  readonly socketAccepts: boolean;
  /** Whether a server accepts connections on the port in the file, on this machine. */
  readonly portAccepts: boolean;
}

/**
 * - `running`: the process is the server of this directory, or may be
 * - `elsewhere`: the server runs in another container that has the directory mounted
 * - `gone`: no such process; PostgreSQL replaces the file when it starts
 * - `other-program`: the pid belongs to another program now. PostgreSQL refuses to start until the file is deleted
 */
export type Verdict = 'running' | 'elsewhere' | 'gone' | 'other-program';

/** PostgreSQL writes forward slashes on Windows, where letter case does not count. */
export function isSamePath(a: string, b: string, platform: NodeJS.Platform): boolean {
  if (platform !== 'win32') return a === b;
  const normalize = (text: string): string => text.replaceAll('\\', '/').toLowerCase();
  return normalize(a) === normalize(b);
}

/**
 * Judges a `postmaster.pid`. The pid alone proves nothing: after kill -9 or a reboot it may belong to another program or to
 * a zombie that nobody reaps, in another container it is a number of another process list, and a copied workspace has the
 * file of the original. A wrong `other-program` would delete the file of a live server, so every doubt means `running`.
 *
 * @param dataDirectory its real path
 */
export function judgePostmaster(
  { pid }: PostmasterPid,
  dataDirectory: string,
  seen: Observation,
  platform: NodeJS.Platform,
): Verdict {
  if (pid <= 0) return 'gone';
  if (seen.exists && seen.workingDirectory === dataDirectory) return 'running';
  // A socket is reached through the file system: by every container of this kernel, and only while the server lives.
  if (seen.socketAccepts) return 'elsewhere';
  if (!seen.exists) return 'gone';
  if (seen.workingDirectory !== undefined) return 'other-program';
  if (seen.commandLine === undefined || seen.portAccepts) return 'running';
  if (!/postgres/i.test(seen.commandLine)) return 'other-program';
  const namesDirectory = seen.commandLine.includes(' -D ');
  return platform !== 'win32' && namesDirectory && !seen.commandLine.includes(dataDirectory)
    ? 'other-program'
    : 'running';
}
