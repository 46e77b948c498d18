import { z } from 'zod';
import { boolean, commaSeparated, integer, urlPath } from '../settings.ts';
import { apiKeyListSchema, secretSchema } from './auth/api-key.ts';
import { checkKeyFile, checkKeyNames } from './auth/check-key-sources.ts';
import { checkProxies } from './http/trusted-proxies.ts';

/** Settings of the HTTP API. */
export const apiSettingsSchema = z
  .object({
    HOST: z.string().min(1).optional(),
    PORT: integer(0, 65_535, 8_080),
    API_KEY: secretSchema.optional(),
    API_KEYS: apiKeyListSchema.optional(),
    API_KEYS_FILE: z.string().min(1).superRefine(checkKeyFile).optional(),
    RATE_LIMIT_PER_SECOND: integer(0, 1_000_000, 0),
    FAILED_AUTH_PER_MINUTE: integer(1, 1_000_000, 60),
    TRUSTED_PROXIES: commaSeparated().superRefine(checkProxies),
    BODY_LIMIT_BYTES: integer(1_024, 64 * 1_048_576, 1.5 * 1_048_576),
    BATCH_BODY_LIMIT_BYTES: integer(1_024, 256 * 1_048_576, 4 * 1_048_576),
    IDEMPOTENCY_KEY_HOURS: integer(1, 24 * 3_650, 24 * 7),
    SCHEDULES_PER_CLIENT: integer(0, 1_000_000, 10_000),
    HEALTH_MAX_OVERDUE_MS: integer(0, 86_400_000, 300_000),
    METRICS_PUBLIC: boolean(false),
    DOCS: boolean(true),
    CONSOLE: boolean(true),
    CONSOLE_PATH: urlPath('/console').refine((path) => path !== '', { error: 'must not be the root' }),
    CONSOLE_ALLOW_HTTP: boolean(false),
    PUBLIC_PATH: urlPath(''),
  })
  // Also if another variable is invalid, so that all issues are listed at once.
  .superRefine(checkKeyNames, { when: () => true })
  .transform((env) => ({
    /** Address to listen on. Default: all addresses in production, loopback in development. */
    host: env.HOST,
    port: env.PORT,
    /** Secret of the key `default`, which has the role admin. */
    apiKey: env.API_KEY,
    /** Further keys. */
    apiKeys: env.API_KEYS ?? [],
    /** JSON file with further keys, read again when it changes. */
    apiKeysFile: env.API_KEYS_FILE,
    /** Requests per second and API key; 0: no limit. */
    rateLimitPerSecond: env.RATE_LIMIT_PER_SECOND,
    /** Wrong keys per minute and address before the response is 429 instead of 401. */
    failedAuthPerMinute: env.FAILED_AUTH_PER_MINUTE,
    /** Addresses and CIDRs of proxies whose X-Forwarded-For is trusted. */
    trustedProxies: env.TRUSTED_PROXIES,
    bodyLimitBytes: env.BODY_LIMIT_BYTES,
    batchBodyLimitBytes: env.BATCH_BODY_LIMIT_BYTES,
    /** Minimum time that an Idempotency-Key is kept. */
    idempotencyKeyHours: env.IDEMPOTENCY_KEY_HOURS,
    /** Schedules that one client, the name of an API key, may have. */
    schedulesPerClient: env.SCHEDULES_PER_CLIENT,
    /** /healthz reports degraded when the oldest due timer has waited longer than this; 0: never. */
    healthMaxOverdueMs: env.HEALTH_MAX_OVERDUE_MS,
    /** Whether /metrics needs no API key. */
    metricsPublic: env.METRICS_PUBLIC,
    /** Whether /docs and /openapi.json are served. */
    docs: env.DOCS,
    /** The console for operators. */
    console: {
      enabled: env.CONSOLE,
      /** Where it is served, without a trailing slash. */
      path: env.CONSOLE_PATH,
      /** Whether one may log in over HTTP that is not encrypted, from another machine. */
      allowHttp: env.CONSOLE_ALLOW_HTTP,
      /** What a proxy removes from the start of paths, without a trailing slash. */
      publicPath: env.PUBLIC_PATH,
    },
  }));
export type ApiSettings = z.infer<typeof apiSettingsSchema>;

/** Settings of the console. */
export type ConsoleSettings = ApiSettings['console'];
