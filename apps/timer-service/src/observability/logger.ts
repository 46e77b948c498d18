import { type Logger, pino, stdTimeFunctions } from 'pino';
import type { Config } from '../config.ts';

/** Fields that may hold a secret; redacted at the top level and one level below. */
const SECRET_FIELDS = [
  'authorization',
  'cookie',
  'password',
  'apiKey',
  'api_key',
  '["x-api-key"]',
  'connectionString',
];

/** Creates the logger: JSON lines on standard output, or readable lines in development mode. */
export function createLogger({ logLevel, mode }: Pick<Config, 'logLevel' | 'mode'>): Logger {
  return pino({
    level: logLevel,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    redact: {
      paths: SECRET_FIELDS.flatMap((field) =>
        field.startsWith('[') ? [`*${field}`] : [field, `*.${field}`],
      ),
    },
    ...(mode === 'development'
      ? {
          transport: {
            target: 'pino-pretty',
            options: { translateTime: 'HH:MM:ss.l', ignore: 'pid,hostname' },
          },
        }
      : {}),
  });
}
