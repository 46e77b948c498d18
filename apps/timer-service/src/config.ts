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
        const parsed = parseHeaderKeys(text);
        if ('keys' in parsed) return parsed.keys;
        context.addIssue({ code: 'custom', message: parsed.error });
        return z.NEVER;
      })
      .default(NO_HEADER_KEYS),
  })
  .transform((env) => ({
    logLevel: env.LOG_LEVEL,
    /** In development: embedded database, generated API key, loopback destinations allowed, inspector. */
    mode: env.TIMER_MODE,
    /** Directory of the embedded server and the generated key. */
    directory: env.TIMER_DIRECTORY,
    databasePoolSize: env.DATABASE_POOL_SIZE,
    transactionPooler: env.TRANSACTION_POOLER,
    /** The first key encrypts the headers of stored callbacks, all keys decrypt them. */
    headerKeys: env.HEADER_ENCRYPTION_KEYS,
  }));

/** All settings, validated and frozen. */
export interface Config extends z.infer<typeof processSettingsSchema> {
  readonly database: DatabaseSettings;
  readonly api: ApiSettings;
  readonly dispatch: DispatchSettings;
  readonly maintenance: MaintenanceSettings;
  readonly transports: TransportSettings;
}

/** Names every invalid variable. Never contains a value, which may be a secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly issues: readonly string[];

  constructor(issues: readonly string[]) {
    super(['invalid configuration:', ...issues.map((issue) => `  ${issue}`)].join('\n'));
    this.issues = issues;
  }
}

/**
 * Reads all settings from the environment.
 *
 * @throws {ConfigError} that lists every issue at once
 */
export function readConfig(env: Environment): Config {
  // An empty variable counts as unset.
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const issues: string[] = [];

  function read<Settings>(schema: z.ZodType<Settings>): Settings | undefined {
    const result = schema.safeParse(given);
    if (result.success) return result.data;
    for (const issue of result.error.issues) issues.push(`${issue.path.join('.')} ${issue.message}`);
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
    issues.push(...error.issues.map(({ variable, message }) => `${variable} ${message}`));
  }
  if (process?.mode === 'production' && database?.kind === 'embedded')
    issues.push(
      'DATABASE_URL must be set, or PG_HOST, PG_USER and PG_DB_NAME: the embedded database is for TIMER_MODE=development',
    );
  if (process?.mode === 'production' && api !== undefined && api.apiKey === undefined)
    issues.push('API_KEY must be set: a secret of at least 32 characters that clients send as X-API-Key');
  if (issues.length > 0 || !process || !api || !dispatch || !maintenance || !transports || !database)
    throw new ConfigError(issues);
  return Object.freeze({ ...process, database, api, dispatch, maintenance, transports });
}
