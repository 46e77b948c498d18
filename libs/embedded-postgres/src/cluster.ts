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
import type { PostgresBinaries } from './postgres-binaries.ts';
import { processExists } from './postmaster-pid.ts';
import { asUser } from './server-user.ts';

const run = promisify(execFile);

/** The superuser of the cluster. */
export const CLUSTER_USER = 'timers';

/** A PostgreSQL data directory and what is needed to reach its server. */
export interface Cluster {
  readonly dataDirectory: string;
  readonly password: string;
  readonly logFile: string;
  /** Holds the port of the last start, so that a URL stays good from one start to the next. */
  readonly portFile: string;
}

const UNFINISHED = /^new-cluster-(\d+)-/;

/** What a kill -9 during the making of a cluster leaves behind. */
async function removeUnfinished(directory: string): Promise<void> {
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
  options.push('--auth=scram-sha-256', '--encoding=UTF8', '--locale=C', '--no-instructions');
  if (!durable) options.push('--no-sync');
  await run(initdb, options, { ...asUser(user), cwd: directory, env: { LC_ALL: 'C', TZ: 'UTC' } });
  await rm(passwordForInitdb);
}

async function create(
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
    // Another process has finished its own cluster first, and that one is used.
    if (
      ['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(errorCode(error) ?? '') &&
      (await isThere(location.directory))
    )
      return;
    throw new Error(`The embedded PostgreSQL could not make its data directory: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

async function isThere(directory: string): Promise<boolean> {
  try {
    await access(clusterPath(directory));
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

/**
 * The cluster of a directory, made when there is none. Safe when several processes do it at once: each makes its own
 * aside, one of them is renamed into place, and all use that one.
 *
 * @param durable false leaves out fsync, for data that nobody will miss
 */
export async function ensureCluster(
  location: ClusterLocation,
  binaries: PostgresBinaries,
  durable: boolean,
  log: (message: string) => void,
): Promise<Cluster> {
  const { directory } = location;
  await removeUnfinished(directory);
  if (!(await isThere(directory))) {
    log(`making a PostgreSQL data directory in ${directory}`);
    await create(location, binaries, durable);
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
    const why = errorCode(error) === 'EACCES' ? 'belongs to another user' : 'cannot be read';
    throw new Error(
      `${passwordFile} ${why} (${messageOf(error)}). Run as the user who started the embedded PostgreSQL first, ` +
        `remove ${directory} to begin with an empty database, or set DATABASE_URL.`,
      { cause: error },
    );
  }
}
