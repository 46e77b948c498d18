import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/**
 * @param configured a path to use instead of searching
 * @param searchPath directories, as in PATH
 * @throws when there is no nats-server; the message says how to get it
 */
export function findNatsServer(configured: string | undefined, searchPath: string): string {
  const name = process.platform === 'win32' ? 'nats-server.exe' : 'nats-server';
  if (configured !== undefined && configured !== '') {
    if (isExecutable(configured)) return configured;
    throw new Error(`The nats-server ${configured} is not an executable file`);
  }
  const directories = searchPath.split(path.delimiter).filter((directory) => directory !== '');
  const found = [...directories, '/usr/sbin', '/usr/local/bin', '/usr/local/sbin']
    .map((directory) => path.join(directory, name))
    .find(isExecutable);
  if (found !== undefined) return found;
  throw new Error(
    'The test kit was started with nats: true, and there is no nats-server: install it (https://nats.io/download/), or pass its path: nats: { program }, or NATS_SERVER_BIN',
  );
}
