import { accessSync, constants, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const POSTGRES_VERSIONS = '/usr/lib/postgresql';

/** `scripts/ensure-tools.mjs` unpacks here what the system does not have. */
const TOOLS = ['tools', 'browser'].map((directory) =>
  fileURLToPath(new URL(`../../../.timer/${directory}/bin`, import.meta.url)),
);

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function postgresDirectories(): string[] {
  try {
    return readdirSync(POSTGRES_VERSIONS)
      .sort((a, b) => Number(b) - Number(a))
      .map((version) => path.join(POSTGRES_VERSIONS, version, 'bin'));
  } catch {
    return [];
  }
}

/**
 * Finds an installed program: the one in `variable`, else on the PATH, else in the usual directories. Returns undefined
 * if there is none. `scripts/ensure-tools.mjs` calls this too.
 *
 * @throws when `variable` is set to something that cannot be executed
 */
export function findInstalledProgram(name: string, variable: string): string | undefined {
  const configured = process.env[variable];
  if (configured !== undefined && configured !== '') {
    if (isExecutable(configured)) return configured;
    throw new Error(`${variable} is ${configured}, which is not an executable file`);
  }
  const directories = (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .filter((directory) => directory !== '');
  return [...directories, '/usr/sbin', '/usr/local/bin', '/usr/local/sbin', ...postgresDirectories()]
    .map((directory) => path.join(directory, name))
    .find(isExecutable);
}

type ToolName = 'chromium' | 'chromium-browser' | 'google-chrome' | 'nats-server' | 'psql';
type ToolVariable = 'CHROMIUM_BIN' | 'NATS_SERVER_BIN' | 'PSQL_BIN';

/**
 * Finds a real program for the tests, installed or unpacked by `scripts/ensure-tools.mjs`. Returns undefined if there is
 * none.
 *
 * @throws when `variable` is set to something that cannot be executed
 */
export function findOptionalProgram(name: ToolName, variable: ToolVariable): string | undefined {
  return (
    findInstalledProgram(name, variable) ?? TOOLS.map((tools) => path.join(tools, name)).find(isExecutable)
  );
}

/**
 * Finds a real program for the tests, as {@link findOptionalProgram} does.
 *
 * @throws when there is none; the message says how to get it
 */
export function findProgram(name: ToolName, variable: ToolVariable): string {
  const found = findOptionalProgram(name, variable);
  if (found !== undefined) return found;
  throw new Error(`No ${name} found: run "node scripts/ensure-tools.mjs", or set ${variable} to its path`);
}
