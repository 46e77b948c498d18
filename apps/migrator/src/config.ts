import path from 'node:path';

import { databaseSettings } from '@timer-platform/database';
import type { DatabaseSettings } from '@timer-platform/database';
import { embeddedDirectory } from '@timer-platform/database/embedded';

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
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const directory = env['TIMER_DIRECTORY'];
  return Object.freeze({
    database: databaseSettings(env),
    embeddedDirectory:
      directory === undefined || directory === '' ? embeddedDirectory() : path.resolve(directory, 'postgres'),
  });
}
