import { access, chmod, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Names the library where it is not in a usual place. */
const VARIABLE = 'FAKETIME_LIBRARY';
const FILE = path.join('faketime', 'libfaketime.so.1');
const LIBRARY_DIRECTORIES = ['/usr/lib', '/usr/lib64', '/usr/local/lib'];

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

async function subdirectories(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => path.join(directory, name));
}

/**
 * Finds libfaketime: the file that FAKETIME_LIBRARY names, else that of the package of the system.
 *
 * @throws Error if FAKETIME_LIBRARY names no file
 */
export async function findFaketime(configured = process.env[VARIABLE]): Promise<string | undefined> {
  if (configured !== undefined && configured !== '') {
    if (await exists(configured)) return configured;
    throw new Error(`${VARIABLE} is ${configured}, which does not exist`);
  }
  // What it replaces is the C library of Linux; on macOS, programs of the system refuse it.
  if (process.platform !== 'linux') return undefined;
  for (const directory of LIBRARY_DIRECTORIES)
    for (const parent of [directory, ...(await subdirectories(directory))])
      if (await exists(path.join(parent, FILE))) return path.join(parent, FILE);
  return undefined;
}

/** The wall clock of programs that are started with {@link Faketime.environment}. */
export interface Faketime {
  /** What a program must be started with. Its monotonic clock and the times of its files stay true. */
  readonly environment: Readonly<Record<string, string>>;
  /** Sets the clock of every program at once, to this many seconds ahead of the true time. */
  setOffset(seconds: number): Promise<void>;
  /** To be called when the programs have ended. */
  remove(): Promise<void>;
}

const SHARED_MEMORY = '/dev/shm';
const SHARED_BY_PROGRAM = /^(?:faketime_shm|sem\.faketime_sem)_(\d+)$/;

/** Deletes what libfaketime leaves of a program that was killed: it refuses to start a later one with the same pid. */
async function removeLeftovers(): Promise<void> {
  for (const name of await readdir(SHARED_MEMORY).catch(() => [])) {
    const pid = SHARED_BY_PROGRAM.exec(name)?.[1];
    if (pid !== undefined && !(await exists(`/proc/${pid}`)))
      await rm(path.join(SHARED_MEMORY, name), { force: true }).catch(() => undefined);
  }
}

/** @param library libfaketime.so.1 */
export async function createFaketime(library: string): Promise<Faketime> {
  const directory = await mkdtemp(path.join(tmpdir(), 'faketime-'));
  // For root, another user runs PostgreSQL.
  await chmod(directory, 0o755);
  const file = path.join(directory, 'offset');
  const next = path.join(directory, 'next');
  const setOffset = async (seconds: number): Promise<void> => {
    await writeFile(next, `${seconds < 0 ? '' : '+'}${seconds}\n`, { mode: 0o644 });
    // Whoever reads the clock finds the old offset or the new one.
    await rename(next, file);
  };
  await setOffset(0);
  return {
    environment: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      // Read with each look at the clock: processes that cache it would disagree.
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
    },
    setOffset,
    remove: async () => {
      await removeLeftovers();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
