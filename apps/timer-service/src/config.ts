import {
  type DatabaseSettings,
  databaseSettings,
  DatabaseSettingsError,
  type Environment,
  type HeaderKeys,
  NO_HEADER_KEYS,
  parseHeaderKeys,
} from '@timer-platform/database';
import { z } from 'zod';
import { type ApiSettings, apiSettingsSchema } from './api/api-settings.ts';
import { type DispatchSettings, dispatchSettingsSchema } from './dispatch/settings.ts';
import { type MaintenanceSettings, maintenanceSettingsSchema } from './maintenance/settings.ts';
import { boolean, integer } from './settings.ts';
import { type TransportSettings, transportSettingsSchema } from './transports/transport-settings.ts';

const processSettingsSchema = z
  .object({
    LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
    TIMER_MODE: z.enum(['production', 'development']).default('production'),
    TIMER_DIRECTORY: z.string().min(1).default('.timer'),
    DATABASE_POOL_SIZE: integer(2, 1_000, 20),
    TRANSACTION_POOLER: boolean(false),
    HEADER_ENCRYPTION_KEYS: z
      .string()
      .transform((text, context): HeaderKeys => {
        const read = parseHeaderKeys(text);
        if ('keys' in read) return read.keys;
        context.addIssue({ code: 'custom', message: read.fault });
        return z.NEVER;
      })
      .default(NO_HEADER_KEYS),
  })
  .transform((env) => ({
    logLevel: env.LOG_LEVEL,
    /** development: embedded database, generated API key, loopback destinations, inspector. */
    mode: env.TIMER_MODE,
    /** Where the embedded server and the generated key are kept. */
    directory: env.TIMER_DIRECTORY,
    databasePoolSize: env.DATABASE_POOL_SIZE,
    transactionPooler: env.TRANSACTION_POOLER,
    /** The first encrypts the headers of stored callbacks, all decrypt them. */
    headerKeys: env.HEADER_ENCRYPTION_KEYS,
  }));

/** Everything that can be set, checked and frozen. */
export interface Config extends z.infer<typeof processSettingsSchema> {
  readonly database: DatabaseSettings;
  readonly api: ApiSettings;
  readonly dispatch: DispatchSettings;
  readonly maintenance: MaintenanceSettings;
  readonly transports: TransportSettings;
}

/** Names every variable that is not as it should be. Never tells a value: it may be a secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(['The configuration is not valid:', ...faults.map((fault) => `  ${fault}`)].join('\n'));
    this.faults = faults;
  }
}

/**
 * Reads all settings from the environment.
 *
 * @throws {ConfigError} that lists every fault at once
 */
export function readConfig(env: Environment): Config {
  // A variable that is set to nothing counts as not set.
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const faults: string[] = [];

  function read<Settings>(schema: z.ZodType<Settings>): Settings | undefined {
    const result = schema.safeParse(given);
    if (result.success) return result.data;
    for (const issue of result.error.issues) faults.push(`${issue.path.join('.')} ${issue.message}`);
    return undefined;
  }

  const process = read(processSettingsSchema);
  const api = read(apiSettingsSchema);
  const dispatch = read(dispatchSettingsSchema);
  const maintenance = read(maintenanceSettingsSchema);
  const transports = read(transportSettingsSchema);
  let database: DatabaseSettings | undefined;
  try {
    database = databaseSettings(given);
  } catch (error) {
    if (!(error instanceof DatabaseSettingsError)) throw error;
    faults.push(...error.faults.map(({ variable, message }) => `${variable} ${message}`));
  }
  if (process?.mode === 'production' && database?.kind === 'embedded')
    faults.push(
      'DATABASE_URL must be set, or PG_HOST, PG_USER and PG_DB_NAME: the embedded database is for TIMER_MODE=development',
    );
  if (process?.mode === 'production' && api !== undefined && api.apiKey === undefined)
    faults.push('API_KEY must be set: a secret of at least 32 characters that clients send as X-API-Key');
  if (faults.length > 0 || !process || !api || !dispatch || !maintenance || !transports || !database)
    throw new ConfigError(faults);
  return Object.freeze({ ...process, database, api, dispatch, maintenance, transports });
}
