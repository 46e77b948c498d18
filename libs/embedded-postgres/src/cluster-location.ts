import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { chooseServerUser, findClosedDirectory, makeOpenDirectory, type ServerUser } from './server-user.ts';

/** Where a cluster is kept and who runs its server. */
export interface ClusterLocation {
  /** Exists, and `user` can enter it. */
  readonly directory: string;
  readonly user: ServerUser | undefined;
}

/** The cluster itself: made whole beside this path and renamed to it, so it is there completely or not at all. */
export function clusterPath(directory: string): string {
  return path.join(directory, 'cluster');
}

export function dataPath(directory: string): string {
  return path.join(clusterPath(directory), 'data');
}

/**
 * Decides where the cluster is kept. As a rule that is `wanted`.
 *
 * When root runs us, another user runs PostgreSQL, and that user cannot enter a workspace below root's home. Opening
 * the home would be wrong and refusing would stop the first try of many users, so the data then goes to a directory
 * below `fallbackDirectory`, named after the path that was wanted: every process of the workspace finds the same one.
 */
export async function locateCluster(
  wanted: string,
  fallbackDirectory: string,
  log: (message: string) => void,
): Promise<ClusterLocation> {
  const user = await chooseServerUser(dataPath(wanted));
  if (user === undefined) {
    await mkdir(wanted, { recursive: true });
    return { directory: wanted, user };
  }
  await makeOpenDirectory(wanted);
  const closed = await findClosedDirectory(wanted, user);
  if (closed === undefined) return { directory: wanted, user };

  const id = createHash('sha256').update(path.resolve(wanted)).digest('hex').slice(0, 12);
  const directory = path.join(fallbackDirectory, `data-${id}`);
  await makeOpenDirectory(directory);
  const fallbackUser = (await chooseServerUser(dataPath(directory))) ?? user;
  const alsoClosed = await findClosedDirectory(directory, fallbackUser);
  if (alsoClosed !== undefined)
    throw new Error(
      `PostgreSQL may not run as root; the user "${fallbackUser.name}" who would run it can enter neither ${closed} nor ${alsoClosed}. ` +
        'Move the workspace to a directory that everyone may enter, run as another user, or set DATABASE_URL.',
    );
  log(
    `PostgreSQL runs as "${fallbackUser.name}", who may not enter ${closed}: its data is kept in ${directory}`,
  );
  return { directory, user: fallbackUser };
}
