import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import {
  chooseServerUser,
  findInaccessibleDirectory,
  makeAccessibleDirectory,
  type ServerUser,
} from './server-user.ts';

/** Where a cluster is kept and which user runs its server. */
export interface ClusterLocation {
  /** Exists, and the user can enter it. */
  readonly directory: string;
  /** undefined: the current user. */
  readonly user: ServerUser | undefined;
}

/** The path of the cluster. It is created under another name and then renamed, so it is never incomplete. */
export function clusterPath(directory: string): string {
  return path.join(directory, 'cluster');
}

export function dataPath(directory: string): string {
  return path.join(clusterPath(directory), 'data');
}

/**
 * Decides where the cluster is kept, usually in `preferred`.
 *
 * If this process is root, another user runs PostgreSQL, and that user cannot enter a workspace below root's home.
 * Changing the mode of the home would be wrong, and failing would stop many first trials. The data then goes to a
 * directory below `fallbackDirectory`, named by a hash of `preferred`: all processes of the workspace find the same one.
 *
 * @throws when the user that runs PostgreSQL can enter neither directory
 */
export async function locateCluster(
  preferred: string,
  fallbackDirectory: string,
  log: (message: string) => void,
): Promise<ClusterLocation> {
  const user = await chooseServerUser(dataPath(preferred));
  if (user === undefined) {
    await mkdir(preferred, { recursive: true });
    return { directory: preferred, user };
  }
  await makeAccessibleDirectory(preferred);
  const inaccessible = await findInaccessibleDirectory(preferred, user);
  if (inaccessible === undefined) return { directory: preferred, user };

  const id = createHash('sha256').update(path.resolve(preferred)).digest('hex').slice(0, 12);
  const directory = path.join(fallbackDirectory, `data-${id}`);
  await makeAccessibleDirectory(directory);
  const fallbackUser = (await chooseServerUser(dataPath(directory))) ?? user;
  const alsoInaccessible = await findInaccessibleDirectory(directory, fallbackUser);
  if (alsoInaccessible !== undefined)
    throw new Error(
      `PostgreSQL cannot run as root, and the user "${fallbackUser.name}" can enter neither ${inaccessible} nor ${alsoInaccessible}. ` +
        'Move the workspace to a directory that every user can enter, run as another user, or set DATABASE_URL.',
    );
  log(
    `PostgreSQL runs as "${fallbackUser.name}", who cannot enter ${inaccessible}: its data is kept in ${directory}`,
  );
  return { directory, user: fallbackUser };
}
