import { type Config, readConfig } from '@timer-platform/timer-service';

interface KitConfig {
  readonly databaseUrl: string;
  readonly apiKey: string;
  readonly port: number;
  readonly natsUrl: string | null;
  /** Settings of the test, by the names of environment variables. */
  readonly settings: Readonly<Record<string, string>>;
}

/** Settings that the kit needs as it sets them. */
const FIXED = ['DATABASE_URL', 'PORT', 'TIMER_MODE', 'LOOK_AHEAD_MS', 'DISPATCHER', 'TRANSACTION_POOLER'];

/**
 * The configuration of the service in a kit. Nothing is claimed before it is due: until then it can be canceled.
 *
 * @throws RangeError if a setting is one that the kit sets; ConfigError if one is not valid
 */
export function serviceConfig({ databaseUrl, apiKey, port, natsUrl, settings }: KitConfig): Config {
  const refused = FIXED.filter((name) => name in settings);
  if (refused.length > 0) throw new RangeError(`The test kit sets ${refused.join(', ')} itself`);
  return readConfig({
    API_KEY: apiKey,
    HOST: '127.0.0.1',
    DATABASE_POOL_SIZE: '4',
    LOG_LEVEL: 'silent',
    DOCS: 'false',
    SHUTDOWN_GRACE_MS: '0',
    ...(natsUrl === null ? {} : { NATS_URL: natsUrl }),
    ...settings,
    DATABASE_URL: databaseUrl,
    PORT: String(port),
    TIMER_MODE: 'development',
    LOOK_AHEAD_MS: '0',
  });
}
