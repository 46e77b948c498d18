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

function embeddedDirectoryOf(env: Environment): string {
  const directory = env['TIMER_DIRECTORY'];
  return directory === undefined || directory === ''
    ? embeddedDirectory()
    : path.resolve(directory, 'postgres');
}

/** The values of TRANSACTION_POOLER that the service takes for true. */
const TRUE = ['true', '1', 'on'];

/** A pooler in transaction mode gives each transaction another session, and the lock of the migrator belongs to one. */
function assertNoTransactionPooler(env: Environment): void {
  const variable = 'TRANSACTION_POOLER';
  if (!TRUE.includes(env[variable] ?? '')) return;
  const message =
    'is true, but the migrator needs a session of its own: connect directly to PostgreSQL and unset it for this command';
  throw new DatabaseSettingsError([{ variable, message }]);
}

/**
 * Reads the settings of the migrator from the environment.
 *
 * @throws DatabaseSettingsError that names every invalid variable
 */
export function readConfig(env: Environment): Config {
  assertNoTransactionPooler(env);
  return Object.freeze({ database: databaseSettings(env), embeddedDirectory: embeddedDirectoryOf(env) });
}

/**
 * Reads the data directory of the embedded server, for a command that must not use any other database.
 *
 * @throws DatabaseSettingsError when another database is set
 */
export function readEmbeddedDirectory(env: Environment): string {
  if (databaseSettings(env).kind === 'url') {
    const variable = (env['DATABASE_URL'] ?? '') === '' ? 'PG_HOST' : 'DATABASE_URL';
    const message = 'is set, but this command works only on the embedded development database; unset it';
    throw new DatabaseSettingsError([{ variable, message }]);
  }
  return embeddedDirectoryOf(env);
}

/**
 * Reads the keys of encrypted headers, for the command that needs them.
 *
 * @throws DatabaseSettingsError when they are invalid
 */
export function readHeaderKeys(env: Environment): HeaderKeys {
  const variable = 'HEADER_ENCRYPTION_KEYS';
  const read = parseHeaderKeys(env[variable] ?? '');
  if ('error' in read) throw new DatabaseSettingsError([{ variable, message: read.error }]);
  return read.keys;
}
