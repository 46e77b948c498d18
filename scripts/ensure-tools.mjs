/**
 * The real programs that the tests run against: nats-server, psql and, for the console, Chromium. (PostgreSQL itself comes
 * with the npm packages.) Searches this machine for them; otherwise, on Debian and Ubuntu, unpacks the distribution's
 * packages below .timer. It installs nothing in the system and starts no service, even as root.
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
/** Apart from the tools, which are needed: without a browser the tests of the console in one are skipped. */
const BROWSER = path.join(workspaceRoot, '.timer', 'browser');
const POSTGRES_VERSIONS = '/usr/lib/postgresql';

const PROGRAMS = [
  { name: 'nats-server', variable: 'NATS_SERVER_BIN', debianPackage: 'nats-server' },
  { name: 'psql', variable: 'PSQL_BIN', debianPackage: 'postgresql-client' },
];
const CHROMIUM = { name: 'chromium', variable: 'CHROMIUM_BIN', debianPackage: 'chromium' };
/** Names under which other systems install it. */
const CHROMIUM_NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

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
  const directories = ['lib', 'usr/lib'].flatMap((parent) =>
    list(path.join(root, parent))
      .filter((name) => name.includes('-linux-'))
      .map((name) => `${parent}/${name}`),
  );
  // Libraries of PulseAudio look for a part of theirs at its place in the system.
  const parts = directories.map((directory) => `${directory}/pulseaudio`);
  return [...directories, ...parts.filter((directory) => existsSync(path.join(root, directory)))];
}

function findUnpacked(root, name) {
  const candidates = [
    'usr/sbin',
    'usr/bin',
    ...list(path.join(root, POSTGRES_VERSIONS)).map((v) => `usr/lib/postgresql/${v}/bin`),
    'usr/lib/chromium',
  ];
  // Debian's usr/bin/psql and usr/bin/chromium are scripts that need an installed system; the programs are in folders of
  // their own.
  return candidates
    .reverse()
    .map((directory) => `${directory}/${name}`)
    .find((file) => isExecutable(path.join(root, file)));
}

/** The unpacked fonts, for programs that show text. */
const FONTS = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir prefix="relative">root/usr/share/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
`;

/** A shell script that starts the unpacked program with the unpacked libraries, wherever the workspace is moved to. */
function writeStarter(directory, name, file) {
  const libraries = libraryDirectories(path.join(directory, 'root')).map((each) => `$root/${each}`);
  const hasFonts = existsSync(path.join(directory, 'root', 'usr/share/fonts'));
  if (hasFonts) writeFileSync(path.join(directory, 'fonts.conf'), FONTS);
  const starter = path.join(directory, 'bin', name);
  writeFileSync(
    starter,
    '#!/bin/sh\n' +
      'root="$(cd -- "$(dirname -- "$0")/../root" && pwd)"\n' +
      `export LD_LIBRARY_PATH="${libraries.join(':')}\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"\n` +
      (hasFonts ? 'export FONTCONFIG_FILE="$root/../fonts.conf" XDG_CACHE_HOME="$root/../cache"\n' : '') +
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

/** Fills a new directory and gives it its name at the end, so that an interrupted run leaves nothing incomplete. */
async function unpack(programs, target) {
  const directory = `${target}.${process.pid}.new`;
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
    for (const leftover of [
      'lists',
      'cache',
      'root/usr/share/doc',
      'root/usr/share/icons',
      'root/usr/share/locale',
    ])
      rmSync(path.join(directory, leftover), { recursive: true, force: true });
    rmSync(target, { recursive: true, force: true });
    renameSync(directory, target);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function canDownload() {
  return isExecutable('/usr/bin/apt-get') && isExecutable('/usr/bin/dpkg');
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

  if (!canDownload()) throw new Error(explain(missing, 'it has no apt-get to download them'));
  const names = missing.map(({ name }) => name).join(' and ');
  console.log(
    `Downloading ${names} for the tests: Debian packages are unpacked in .timer/tools, not installed`,
  );
  try {
    await unpack(missing, TOOLS);
  } catch (error) {
    throw new Error(explain(missing, `the download failed.\n${error.message}`), { cause: error });
  }
  for (const starter of starters)
    if (!(await runs(starter))) throw new Error(explain(missing, `${starter} does not run`));
}

/**
 * Makes Chromium available, or prints that the tests in a browser are skipped and why. Returns its path, or undefined.
 * Never throws: everything else is tested without it.
 */
export async function ensureBrowser() {
  const starter = path.join(BROWSER, 'bin', CHROMIUM.name);
  const skip = (why) => {
    console.log(
      `The tests of the console in a browser are skipped: this machine has no Chromium, and ${why}. ` +
        `Install it, or set ${CHROMIUM.variable} to its path.`,
    );
    return undefined;
  };
  try {
    for (const name of CHROMIUM_NAMES) {
      const installed = await findInstalled({ ...CHROMIUM, name });
      if (installed !== undefined) return installed;
    }
    if (await runs(starter)) return starter;
    if (!canDownload()) return skip('it has no apt-get to download one');
    console.log(
      'Downloading Chromium for the tests of the console: Debian packages are unpacked in .timer/browser, not installed',
    );
    await unpack([CHROMIUM], BROWSER);
    if (await runs(starter)) return starter;
    // The tests use what they find.
    rmSync(BROWSER, { recursive: true, force: true });
    return skip('the one that was downloaded does not run');
  } catch (error) {
    return skip(`the download failed: ${error.message.trim()}`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await ensureTools();
    for (const program of PROGRAMS)
      console.log(
        `${program.name}: ${(await findInstalled(program)) ?? path.join(TOOLS, 'bin', program.name)}`,
      );
    const browser = await ensureBrowser();
    if (browser !== undefined) console.log(`${CHROMIUM.name}: ${browser}`);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
