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
  /** Where the embedded server keeps its data. */
  readonly embeddedDirectory: string;
}

/**
 * The settings of the migrator; the only place where it looks at the environment.
 *
 * @throws DatabaseSettingsError naming every variable at fault
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
 * The keys of encrypted headers; only the command that works with them asks for them.
 *
 * @throws DatabaseSettingsError when they are not as they should be
 */
export function readHeaderKeys(env: Environment): HeaderKeys {
  const variable = 'HEADER_ENCRYPTION_KEYS';
  const read = parseHeaderKeys(env[variable] ?? '');
  if ('fault' in read) throw new DatabaseSettingsError([{ variable, message: read.fault }]);
  return read.keys;
}
