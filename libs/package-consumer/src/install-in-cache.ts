import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { run } from './run.ts';

export interface CachedPackages {
  /** Name of the directory in the cache: of the packages and their versions, because what is there is never replaced. */
  readonly name: string;
  /** Packages with exact versions, such as `typescript@5.9.3`. */
  readonly packages: readonly string[];
}

/** Where the packages are, or why npm did not install them. */
export type CachedInstallation =
  | { readonly directory: string; readonly output?: never }
  | { readonly directory?: never; readonly output: string };

function cacheDirectory(): string {
  return path.join(process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'timer-platform');
}

/**
 * Installs packages that cannot be dependencies of the workspace in the user's cache directory, unless an earlier run has.
 * Their install scripts do not run, and their `engines` are not enforced.
 */
export async function installInCache({ name, packages }: CachedPackages): Promise<CachedInstallation> {
  const directory = path.join(cacheDirectory(), name);
  if (existsSync(directory)) return { directory };
  const temporary = `${directory}.${process.pid}`;
  await mkdir(temporary, { recursive: true });
  // npm installs into the nearest directory with a package.json. With --prefix it would not read its global settings.
  await writeFile(path.join(temporary, 'package.json'), '{ "private": true }');
  const options = ['--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund'];
  // Without a network, npm would try again for more than a minute.
  options.push('--fetch-retries', '0');
  const { status, output } = await run('npm', ['install', ...packages, ...options], temporary);
  // Another process may have installed them meanwhile: then its directory stays.
  if (status === 0) await rename(temporary, directory).catch(() => undefined);
  await rm(temporary, { recursive: true, force: true });
  return status === 0 ? { directory } : { output };
}
