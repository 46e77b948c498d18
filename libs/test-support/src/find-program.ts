import { accessSync, constants, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const POSTGRES_VERSIONS = '/usr/lib/postgresql';

/** Where `scripts/ensure-tools.mjs` puts what the system does not have. */
const TOOLS = path.join(fileURLToPath(new URL('../../../', import.meta.url)), '.timer', 'tools', 'bin');

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
 * Finds a real program for the tests: the one that `variable` names, else on the PATH and in the usual places.
 * scripts/ensure-tools.mjs looks in the same places, in the same order.
 *
 * @throws when there is none; the message says how to get it
 */
export function findProgram(name: 'nats-server' | 'psql', variable: 'NATS_SERVER_BIN' | 'PSQL_BIN'): string {
  const given = process.env[variable];
  if (given !== undefined && given !== '') {
    if (isExecutable(given)) return given;
    throw new Error(`${variable} is ${given}, which is not a program that can be run`);
  }
  const directories = (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .filter((directory) => directory !== '');
  const found = [
    ...directories,
    '/usr/sbin',
    '/usr/local/bin',
    '/usr/local/sbin',
    ...postgresDirectories(),
    TOOLS,
  ]
    .map((directory) => path.join(directory, name))
    .find(isExecutable);
  if (found !== undefined) return found;
  throw new Error(`No ${name} found: run "node scripts/ensure-tools.mjs", or set ${variable} to its path`);
}
