import { execFile } from 'node:child_process';
import { chmod, mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { errorCode } from './error-code.ts';

const run = promisify(execFile);

/** The user that PostgreSQL runs as. Absent: the one that runs this process. */
export interface ServerUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

async function lookUp(name: string): Promise<ServerUser | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
    return { name, uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined;
  }
}

async function ownerOf(directory: string): Promise<ServerUser | undefined> {
  try {
    const { uid, gid } = await stat(directory);
    if (uid === 0) return undefined;
    const name = await run('id', ['-un', String(uid)]).then(
      ({ stdout }) => stdout.trim(),
      () => `uid ${uid}`,
    );
    return { name, uid, gid };
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Who runs the server. PostgreSQL refuses to run as root, so root hands it to the owner of the data that is already
 * there, or to the system's `postgres` or `nobody`. No user is ever created.
 *
 * @returns `undefined` when the current user runs it
 */
export async function chooseServerUser(dataDirectory: string): Promise<ServerUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const user = (await ownerOf(dataDirectory)) ?? (await lookUp('postgres')) ?? (await lookUp('nobody'));
  if (user === undefined)
    throw new Error(
      'PostgreSQL cannot run as root, and this system has neither a user "postgres" nor "nobody" to run it as. ' +
        'Run as another user, or set DATABASE_URL to a PostgreSQL that is already there.',
    );
  return user;
}

/** The options of `child_process` that run a command as this user. */
export function asUser(user: ServerUser | undefined): { uid?: number; gid?: number } {
  return user === undefined ? {} : { uid: user.uid, gid: user.gid };
}

/** The outermost directory on the way to `directory` that `user` may not enter; `undefined` when the way is free. */
export async function findClosedDirectory(
  directory: string,
  user: ServerUser | undefined,
): Promise<string | undefined> {
  if (user === undefined) return undefined;
  const way = [path.resolve(directory)];
  for (let parent = path.dirname(way[0] ?? '/'); parent !== way[0]; parent = path.dirname(parent))
    way.unshift(parent);
  for (const step of way) {
    try {
      await run('/bin/sh', ['-c', 'cd -- "$1" 2>/dev/null', 'sh', step], { ...asUser(user), cwd: '/' });
    } catch {
      return step;
    }
  }
  return undefined;
}

/** Makes the directory; what is new on the way to it can be entered by everyone, whatever the umask says. */
export async function makeOpenDirectory(directory: string): Promise<void> {
  const first = await mkdir(directory, { recursive: true });
  if (first === undefined) return;
  for (let made = directory; made.startsWith(first); made = path.dirname(made)) await chmod(made, 0o755);
}
