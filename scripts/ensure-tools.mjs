/**
 * The real programs that the tests run against: nats-server and psql. (PostgreSQL itself comes with the npm packages.)
 * Searches this machine for them; otherwise, on Debian and Ubuntu, unpacks the distribution's packages below
 * .timer/tools. It installs nothing in the system and starts no service, even as root.
 */
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from './run-command.mjs';
import { workspaceRoot } from './workspace.mjs';

const TOOLS = path.join(workspaceRoot, '.timer', 'tools');
const POSTGRES_VERSIONS = '/usr/lib/postgresql';

const PROGRAMS = [
  { name: 'nats-server', variable: 'NATS_SERVER_BIN', debianPackage: 'nats-server' },
  { name: 'psql', variable: 'PSQL_BIN', debianPackage: 'postgresql-client' },
];

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function list(directory) {
  return existsSync(directory) ? readdirSync(directory) : [];
}

/** The function that the tests use. tsx loads it, so call this only after the dependencies are installed. */
async function findInstalled({ name, variable }) {
  const { tsImport } = await import('tsx/esm/api');
  const file = '../libs/test-support/src/find-program.ts';
  const { findInstalledProgram } = await tsImport(file, import.meta.url);
  return findInstalledProgram(name, variable);
}

async function runs(program) {
  return (await runCommand(program, ['--version'], { quiet: true })).exitCode === 0;
}

function explain(programs, why) {
  const names = programs.map(({ name }) => name).join(' and ');
  const variables = programs.map(({ name, variable }) => `${variable} to the path of ${name}`).join(', ');
  return (
    `The tests need ${names}, which this machine does not have, and ${why}.\n` +
    'Install them: on macOS "brew install nats-server libpq"; elsewhere from https://nats.io/download (2.9 or newer) ' +
    'and https://www.postgresql.org/download (15 or newer).\n' +
    `Or set ${variables}.`
  );
}

/** Directories of shared libraries below an unpacked root, in the layout of Debian. */
function libraryDirectories(root) {
  return ['lib', 'usr/lib'].flatMap((parent) =>
    list(path.join(root, parent))
      .filter((name) => name.includes('-linux-'))
      .map((name) => `${parent}/${name}`),
  );
}

function findUnpacked(root, name) {
  const candidates = [
    'usr/sbin',
    'usr/bin',
    ...list(path.join(root, POSTGRES_VERSIONS)).map((v) => `usr/lib/postgresql/${v}/bin`),
  ];
  // Debian's usr/bin/psql is a Perl script that needs an installed system; the program is in the folder of its version.
  return candidates
    .reverse()
    .map((directory) => `${directory}/${name}`)
    .find((file) => isExecutable(path.join(root, file)));
}

/** A shell script that starts the unpacked program with the unpacked libraries, wherever the workspace is moved to. */
function writeStarter(directory, name, file) {
  const libraries = libraryDirectories(path.join(directory, 'root')).map((each) => `$root/${each}`);
  const starter = path.join(directory, 'bin', name);
  writeFileSync(
    starter,
    '#!/bin/sh\n' +
      'root="$(cd -- "$(dirname -- "$0")/../root" && pwd)"\n' +
      `export LD_LIBRARY_PATH="${libraries.join(':')}\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"\n` +
      `exec "$root/${file}" "$@"\n`,
  );
  chmodSync(starter, 0o755);
}

async function must(program, args, failure) {
  const { exitCode, output } = await runCommand(program, args, { quiet: true });
  if (exitCode !== 0) throw new Error(`${failure} (exit code ${exitCode}):\n${output.trim()}`);
  return output;
}

/** Downloads the packages and their missing dependencies, with its own lists and cache. */
async function download(packages, directory) {
  const lists = path.join(directory, 'lists');
  const cache = path.join(directory, 'cache');
  const archives = path.join(cache, 'archives');
  mkdirSync(path.join(lists, 'partial'), { recursive: true });
  mkdirSync(path.join(archives, 'partial'), { recursive: true });
  const options = ['-qq', '-o', `Dir::State::lists=${lists}`, '-o', `Dir::Cache=${cache}`];
  // Reading what is installed needs no system lock, and apt's user cannot write below this workspace.
  options.push('-o', 'Debug::NoLocking=1', '-o', 'APT::Sandbox::User=');
  await must('apt-get', [...options, 'update'], 'apt-get update has failed');
  const install = ['install', '--download-only', '--yes', '--no-install-recommends', ...packages];
  await must('apt-get', [...options, ...install], 'apt-get could not download the packages');
  return list(archives)
    .filter((name) => name.endsWith('.deb'))
    .map((name) => path.join(archives, name));
}

/** Fills a new directory and renames it to .timer/tools, so that an interrupted run leaves nothing incomplete. */
async function unpack(programs) {
  const directory = `${TOOLS}.${process.pid}.new`;
  try {
    const packages = programs.map(({ debianPackage }) => debianPackage);
    const root = path.join(directory, 'root');
    mkdirSync(root, { recursive: true });
    mkdirSync(path.join(directory, 'bin'));
    for (const archive of await download(packages, directory))
      await must('dpkg', ['-x', archive, root], `dpkg could not unpack ${path.basename(archive)}`);
    for (const { name } of programs) {
      const file = findUnpacked(root, name);
      if (file === undefined) throw new Error(`The packages ${packages.join(' ')} do not contain ${name}.`);
      writeStarter(directory, name, file);
    }
    for (const leftover of ['lists', 'cache']) rmSync(path.join(directory, leftover), { recursive: true });
    rmSync(TOOLS, { recursive: true, force: true });
    renameSync(directory, TOOLS);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * Makes nats-server and psql available.
 * @throws if that fails; the message names ways to install them
 */
export async function ensureTools() {
  const installed = await Promise.all(PROGRAMS.map(findInstalled));
  const missing = PROGRAMS.filter((_, index) => installed[index] === undefined);
  const starters = missing.map(({ name }) => path.join(TOOLS, 'bin', name));
  const working = await Promise.all(starters.map(runs));
  if (working.every(Boolean)) return;

  if (!isExecutable('/usr/bin/apt-get') || !isExecutable('/usr/bin/dpkg'))
    throw new Error(explain(missing, 'it has no apt-get to download them'));
  const names = missing.map(({ name }) => name).join(' and ');
  console.log(
    `Downloading ${names} for the tests: Debian packages are unpacked in .timer/tools, not installed`,
  );
  try {
    await unpack(missing);
  } catch (error) {
    throw new Error(explain(missing, `the download failed.\n${error.message}`), { cause: error });
  }
  for (const starter of starters)
    if (!(await runs(starter))) throw new Error(explain(missing, `${starter} does not run`));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await ensureTools();
    for (const program of PROGRAMS)
      console.log(
        `${program.name}: ${(await findInstalled(program)) ?? path.join(TOOLS, 'bin', program.name)}`,
      );
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
