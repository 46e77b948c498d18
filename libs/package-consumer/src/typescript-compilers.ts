import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { run } from './run.ts';
import { WORKSPACE } from './workspace.ts';

/** A version of TypeScript that users of the packages may have. */
export interface TypescriptCompiler {
  readonly version: string;
  /** Path of the script `tsc`. */
  readonly tsc: string;
}

export interface TypescriptCompilers {
  readonly installed: readonly TypescriptCompiler[];
  /** Versions that are not in the cache and cannot be installed. */
  readonly missing: readonly string[];
}

/** Oldest and newest minor versions that the packages support, besides the one of the workspace. */
const OTHER_VERSIONS = ['5.5.4', '5.9.3'];
const TSC = path.join('node_modules', 'typescript', 'bin', 'tsc');

function cacheDirectory(): string {
  return path.join(process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'timer-platform');
}

/** Two versions cannot be in one node_modules: both would link a program `tsc`. So others are in the user's cache. */
async function findOrInstall(version: string): Promise<string | undefined> {
  const directory = path.join(cacheDirectory(), `typescript-${version}`);
  const tsc = path.join(directory, TSC);
  if (existsSync(tsc)) return tsc;
  const temporary = `${directory}.${process.pid}`;
  await mkdir(temporary, { recursive: true });
  const options = ['--prefix', temporary, '--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund'];
  const { status } = await run('npm', ['install', `typescript@${version}`, ...options], temporary);
  // Another process may have installed it meanwhile: then its directory stays.
  if (status === 0) await rename(temporary, directory).catch(() => undefined);
  await rm(temporary, { recursive: true, force: true });
  return status === 0 ? tsc : undefined;
}

/**
 * Returns the compilers that packages are tried with: the one of the workspace, and older ones, which are installed in
 * the user's cache directory when they are needed first.
 */
export async function typescriptCompilers(): Promise<TypescriptCompilers> {
  const installed = [{ version: 'of the workspace', tsc: path.join(WORKSPACE, TSC) }];
  const missing = [];
  for (const version of OTHER_VERSIONS) {
    const tsc = await findOrInstall(version);
    if (tsc === undefined) missing.push(version);
    else installed.push({ version, tsc });
  }
  return { installed, missing };
}
