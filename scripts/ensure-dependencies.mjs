/** Installs the npm packages that package-lock.json names, unless they are there. Needs nothing but Node and npm. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { withDirectoryLock } from './directory-lock.mjs';
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
 * Why the installed packages differ from the lock file; undefined if they do not. npm writes
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

/** The npm that started this script, otherwise the one on the PATH. */
function npmCommand() {
  const cli = process.env.npm_execpath;
  return cli !== undefined && /npm-cli\.[cm]?js$/.test(cli) ? [process.execPath, [cli]] : ['npm', []];
}

function readStaleness() {
  const lock = readJson(path.join(workspaceRoot, 'package-lock.json'));
  const installedLock = path.join(workspaceRoot, 'node_modules', '.package-lock.json');
  return findStaleInstall(lock, existsSync(installedLock) ? readJson(installedLock) : undefined);
}

/**
 * Of several processes that find packages missing at the same time, one installs them and the others wait.
 *
 * @throws when Node is too old or the installation fails; the message names the way out
 */
export async function ensureDependencies() {
  if (!isSupportedNode(process.version))
    throw new Error(
      `Node ${process.version} cannot run this: it needs 20.19, 22.13, 24 or a newer even release.`,
    );
  if (readStaleness() === undefined) return;
  const onWait = () => console.log('Waiting for another process that is installing the npm packages');
  await withDirectoryLock(path.join(workspaceRoot, '.timer', 'install.lock'), install, { onWait });
}

async function install() {
  const stale = readStaleness();
  if (stale === undefined) return;
  console.log(`Installing the npm packages, about a minute (npm ci): ${stale}`);
  const [program, args] = npmCommand();
  // Development and optional packages are needed even if NODE_ENV or .npmrc omits them.
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
