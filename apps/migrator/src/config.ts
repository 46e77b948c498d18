import path from 'node:path';
import {
  type DatabaseSettings,
  databaseSettings,
  DatabaseSettingsError,
  type Environment,
  type HeaderKeys,
  parseHeaderKeys,
} from '@timer-platform/database';
import { embeddedDirectory } from '@timer-platform/embedded-postgres';

export interface Config {
  readonly database: DatabaseSettings;
  /** Data directory of the embedded server. */
  readonly embeddedDirectory: string;
}

/**
 * Reads the settings of the migrator from the environment.
 *
 * @throws DatabaseSettingsError that names every invalid variable
 */
export function readConfig(env: Environment): Config {
  const directory = env['TIMER_DIRECTORY'];
  return Object.freeze({
    database: databaseSettings(env),
    embeddedDirectory:
      directory === undefined || directory === '' ? embeddedDirectory() : path.resolve(directory, 'postgres'),
  });
}

/**
 * Reads the keys of encrypted headers, for the command that needs them.
 *
 * @throws DatabaseSettingsError when they are invalid
 */
export function readHeaderKeys(env: Environment): HeaderKeys {
  const variable = 'HEADER_ENCRYPTION_KEYS';
  const read = parseHeaderKeys(env[variable] ?? '');
  if ('fault' in read) throw new DatabaseSettingsError([{ variable, message: read.fault }]);
  return read.keys;
}
