import { execFile } from 'node:child_process';
import { open, readlink, realpath, rm } from 'node:fs/promises';
import { connect, type NetConnectOpts } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { errorCode } from './error-code.ts';
import { judgePostmaster, type Observation, type Verdict } from './judge-postmaster.ts';
import { type PostmasterPid, postmasterPidFile, readPostmasterPid } from './postmaster-pid.ts';

const run = promisify(execFile);
const CONNECT_TIMEOUT_MS = 1_000;

/** Whether a process with this id exists. Zombies count. */
export function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

function accepts(options: NetConnectOpts): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ ...options, timeout: CONNECT_TIMEOUT_MS });
    const finish = (result: boolean) => () => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', finish(true));
    socket.once('error', finish(false));
    socket.once('timeout', finish(false));
  });
}

/** Through the file descriptor of the directory: the path of a socket is limited to 107 bytes, that of a workspace is not. */
async function socketAccepts(dataDirectory: string, port: number | undefined): Promise<boolean> {
  if (port === undefined || process.platform !== 'linux') return false;
  const directory = await open(dataDirectory);
  try {
    return await accepts({ path: `/proc/self/fd/${directory.fd}/.s.PGSQL.${port}` });
  } finally {
    await directory.close();
  }
}

async function workingDirectoryOf(pid: number): Promise<string | undefined> {
  try {
    return await readlink(`/proc/${pid}/cwd`);
  } catch (error) {
    // ENOENT: a zombie. Otherwise not permitted, or no /proc: unknown.
    return errorCode(error) === 'ENOENT' ? '' : undefined;
  }
}

async function commandLineOf(pid: number): Promise<string | undefined> {
  const [program, args] =
    process.platform === 'win32'
      ? (['tasklist', ['/FI', `PID eq ${pid}`, '/FO', 'CSV', '/NH']] as const)
      : (['ps', ['-ww', '-p', String(pid), '-o', 'args=']] as const);
  try {
    return (await run(program, args)).stdout.trim();
  } catch {
    return undefined;
  }
}

async function observe(dataDirectory: string, { pid, port }: PostmasterPid): Promise<Observation> {
  const exists = processExists(pid);
  if (process.platform === 'linux') {
    const workingDirectory = exists ? await workingDirectoryOf(pid) : undefined;
    const isServer = workingDirectory === dataDirectory;
    return {
      exists,
      workingDirectory,
      socketAccepts: !isServer && (await socketAccepts(dataDirectory, port)),
      portAccepts: false,
    };
  }
  return {
    exists,
    commandLine: exists ? await commandLineOf(pid) : undefined,
    socketAccepts: false,
    portAccepts: port !== undefined && (await accepts({ host: '127.0.0.1', port })),
  };
}

/** Judges the `postmaster.pid` of a data directory by what this machine shows. */
export async function examinePostmaster(dataDirectory: string, recorded: PostmasterPid): Promise<Verdict> {
  const directory = await realpath(dataDirectory);
  return judgePostmaster(recorded, directory, await observe(directory, recorded), process.platform);
}

/** Deletes a `postmaster.pid`, and the lock of its socket, if it is still that of this process. */
async function removeStaleFiles(dataDirectory: string, { pid, port }: PostmasterPid): Promise<void> {
  if ((await readPostmasterPid(dataDirectory))?.pid !== pid) return;
  if (port !== undefined) await rm(path.join(dataDirectory, `.s.PGSQL.${port}.lock`), { force: true });
  await rm(postmasterPidFile(dataDirectory), { force: true });
}

/**
 * Finds the server that runs on this data directory, no matter which process started it. Deletes a `postmaster.pid` that
 * a kill -9 left behind if its pid now belongs to another program: PostgreSQL would refuse to start.
 *
 * @throws when the server runs in another container: two servers on one directory would destroy the data
 */
export async function findPostmaster(dataDirectory: string): Promise<PostmasterPid | undefined> {
  const found = await readPostmasterPid(dataDirectory);
  if (found === undefined) return undefined;
  switch (await examinePostmaster(dataDirectory, found)) {
    case 'running':
      return found;
    case 'gone':
      return undefined;
    case 'other-program':
      await removeStaleFiles(dataDirectory, found);
      return undefined;
    case 'elsewhere':
      throw new Error(
        `The embedded PostgreSQL in ${dataDirectory} is used by another container that has this directory mounted. ` +
          'Stop that container, give each one its own directory, or set DATABASE_URL.',
      );
  }
}
