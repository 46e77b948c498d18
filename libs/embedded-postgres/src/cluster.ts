import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  access,
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { type ClusterLocation, clusterPath, dataPath } from './cluster-location.ts';
import { errorCode, messageOf } from './error-code.ts';
import { processExists } from './find-postmaster.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';
import { asUser } from './server-user.ts';

const run = promisify(execFile);

/** The superuser of the cluster. */
export const CLUSTER_USER = 'timers';

/** A PostgreSQL data directory, with what is needed to connect to its server. */
export interface Cluster {
  readonly dataDirectory: string;
  readonly password: string;
  readonly logFile: string;
  /** Holds the port of the last start, so that the URL stays the same across restarts. */
  readonly portFile: string;
}

const UNFINISHED = /^new-cluster-(\d+)-/;

/** Deletes what a kill -9 during {@link createCluster} left behind. */
async function removeUnfinishedClusters(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const pid = UNFINISHED.exec(name)?.[1];
    if (pid !== undefined && !processExists(Number(pid)))
      await rm(path.join(directory, name), { recursive: true, force: true });
  }
}

async function initialize(
  directory: string,
  { user }: ClusterLocation,
  { initdb }: PostgresBinaries,
  durable: boolean,
): Promise<void> {
  const dataDirectory = path.join(directory, 'data');
  const passwordForInitdb = path.join(directory, 'initdb-password');
  const password = randomBytes(24).toString('base64url');
  await mkdir(dataDirectory, { mode: 0o700 });
  await writeFile(path.join(directory, 'password'), password, { mode: 0o600, flag: 'wx' });
  await writeFile(passwordForInitdb, password, { mode: 0o600, flag: 'wx' });
  if (user !== undefined) {
    await chmod(directory, 0o755);
    await chown(dataDirectory, user.uid, user.gid);
    await chown(passwordForInitdb, user.uid, user.gid);
  }
  const options = [
    `--pgdata=${dataDirectory}`,
    `--username=${CLUSTER_USER}`,
    `--pwfile=${passwordForInitdb}`,
  ];
  options.push('--auth=scram-sha-256', '--encoding=UTF8', '--locale=C');
  if (!durable) options.push('--no-sync');
  await run(initdb, options, { ...asUser(user), cwd: directory, env: { LC_ALL: 'C', TZ: 'UTC' } });
  await rm(passwordForInitdb);
}

async function createCluster(
  location: ClusterLocation,
  binaries: PostgresBinaries,
  durable: boolean,
): Promise<void> {
  const unfinished = await mkdtemp(path.join(location.directory, `new-cluster-${process.pid}-`));
  try {
    await initialize(unfinished, location, binaries, durable);
    await rename(unfinished, clusterPath(location.directory));
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    // Another process has created the cluster first: use that one.
    if (
      ['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(errorCode(error) ?? '') &&
      (await clusterExists(location.directory))
    )
      return;
    throw new Error(
      `The data directory of the embedded PostgreSQL could not be created: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
}

async function clusterExists(directory: string): Promise<boolean> {
  try {
    await access(clusterPath(directory));
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

/**
 * Returns the cluster of a directory, and creates it if there is none. Several processes may do so at once: each creates
 * its own under a temporary name, one is renamed into place, and all use that one.
 *
 * @param durable false skips fsync, for disposable data
 */
export async function ensureCluster(
  location: ClusterLocation,
  binaries: PostgresBinaries,
  durable: boolean,
  log: (message: string) => void,
): Promise<Cluster> {
  const { directory } = location;
  await removeUnfinishedClusters(directory);
  if (!(await clusterExists(directory))) {
    log(`creating a PostgreSQL data directory in ${directory}`);
    await createCluster(location, binaries, durable);
  }
  const cluster = clusterPath(directory);
  const passwordFile = path.join(cluster, 'password');
  try {
    return {
      dataDirectory: dataPath(directory),
      password: await readFile(passwordFile, 'utf8'),
      logFile: path.join(cluster, 'server.log'),
      portFile: path.join(cluster, 'port'),
    };
  } catch (error) {
    const problem = errorCode(error) === 'EACCES' ? 'belongs to another user' : 'cannot be read';
    throw new Error(
      `${passwordFile} ${problem} (${messageOf(error)}). Run as the user who first started the embedded PostgreSQL, ` +
        `delete ${directory} to start with an empty database, or set DATABASE_URL.`,
      { cause: error },
    );
  }
}
