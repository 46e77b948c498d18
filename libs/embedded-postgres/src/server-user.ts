import { execFile } from 'node:child_process';
import { chmod, mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { errorCode } from './error-code.ts';

const run = promisify(execFile);

/** The user that runs PostgreSQL, when that is not the user of this process. */
export interface ServerUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

async function findUser(name: string): Promise<ServerUser | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
    return { name, uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined;
  }
}

/** The owner of a directory; undefined if it is root or the directory does not exist. */
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
 * Chooses the user that runs the server. PostgreSQL refuses to run as root. For root, it is the owner of existing data,
 * else the system's `postgres` or `nobody`. No user is ever created.
 *
 * @returns undefined if the current user runs it
 * @throws when this process is root and the system has none of these users
 */
export async function chooseServerUser(dataDirectory: string): Promise<ServerUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const user = (await ownerOf(dataDirectory)) ?? (await findUser('postgres')) ?? (await findUser('nobody'));
  if (user === undefined)
    throw new Error(
      'PostgreSQL cannot run as root, and this system has neither a user "postgres" nor a user "nobody". ' +
        'Run as another user, or set DATABASE_URL to use an existing PostgreSQL.',
    );
  return user;
}

/** The options of `child_process` that run a command as this user. */
export function asUser(user: ServerUser | undefined): { uid?: number; gid?: number } {
  return user === undefined ? {} : { uid: user.uid, gid: user.gid };
}

/** Finds the outermost directory of the path that `user` cannot enter. Returns undefined if there is none. */
export async function findInaccessibleDirectory(
  directory: string,
  user: ServerUser | undefined,
): Promise<string | undefined> {
  if (user === undefined) return undefined;
  const ancestors = [path.resolve(directory)];
  for (let parent = path.dirname(ancestors[0] ?? '/'); parent !== ancestors[0]; parent = path.dirname(parent))
    ancestors.unshift(parent);
  for (const ancestor of ancestors) {
    try {
      await run('/bin/sh', ['-c', 'cd -- "$1" 2>/dev/null', 'sh', ancestor], { ...asUser(user), cwd: '/' });
    } catch {
      return ancestor;
    }
  }
  return undefined;
}

/** Creates the directory and its missing parents so that every user can enter them, regardless of the umask. */
export async function makeAccessibleDirectory(directory: string): Promise<void> {
  const first = await mkdir(directory, { recursive: true });
  if (first === undefined) return;
  for (let created = directory; created.startsWith(first); created = path.dirname(created))
    await chmod(created, 0o755);
}
