import path from 'node:path';
import { installInCache } from './install-in-cache.ts';
import { WORKSPACE } from './workspace.ts';

/** A version of TypeScript that users of the packages may have. */
export interface TypescriptCompiler {
  readonly version: string;
  /** Path of the script `tsc`. */
  readonly tsc: string;
  /** Whether to check every declaration of the packages with it: true for the oldest and the newest version. */
  readonly checkDeclarations: boolean;
}

export interface TypescriptCompilers {
  readonly installed: readonly TypescriptCompiler[];
  /** Versions that are not in the cache and cannot be installed. */
  readonly missing: readonly string[];
}

/** Oldest and newest minor versions that the packages support, besides the one of the workspace (ADR 32). */
const OLDEST = '5.5.4';
const OTHER_VERSIONS = [OLDEST, '5.9.3'];
const TSC = path.join('node_modules', 'typescript', 'bin', 'tsc');

/**
 * Returns the compilers that packages are tried with: the one of the workspace, and older ones, which are installed in
 * the user's cache directory when they are needed first.
 */
export async function typescriptCompilers(): Promise<TypescriptCompilers> {
  const installed: TypescriptCompiler[] = [
    { version: 'of the workspace', tsc: path.join(WORKSPACE, TSC), checkDeclarations: true },
  ];
  const missing: string[] = [];
  for (const version of OTHER_VERSIONS) {
    const name = `typescript-${version}`;
    const { directory } = await installInCache({ name, packages: [`typescript@${version}`] });
    if (directory === undefined) missing.push(version);
    else installed.push({ version, tsc: path.join(directory, TSC), checkDeclarations: version === OLDEST });
  }
  return { installed, missing };
}
