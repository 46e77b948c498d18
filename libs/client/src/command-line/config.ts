import { readFileSync } from 'node:fs';
import { createClient, type TimerClient } from '../client/timer-client.ts';
import { UsageError } from './usage-error.ts';

/** Options of every command. */
export interface GlobalOptions {
  readonly url?: string;
  readonly apiKeyFile?: string;
  readonly deadline?: number;
  readonly retries?: number;
  readonly json?: boolean;
  readonly table?: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

function readKeyFile(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new UsageError(`cannot read the API key: ${error instanceof Error ? error.message : path}`, {
      cause: error,
    });
  }
}

/** @throws {UsageError} if the URL or the key is missing or not valid */
export function clientFrom(options: GlobalOptions, env: Environment): TimerClient {
  const url = options.url ?? env['TIMER_URL'] ?? '';
  if (url === '')
    throw new UsageError('no timer service: set TIMER_URL, such as http://127.0.0.1:8080, or --url');
  const apiKey =
    options.apiKeyFile === undefined ? (env['TIMER_API_KEY'] ?? '') : readKeyFile(options.apiKeyFile);
  if (apiKey === '')
    throw new UsageError('no API key: set TIMER_API_KEY, or --api-key-file to a file with the key');
  try {
    return createClient({ url, apiKey, deadlineMs: options.deadline, retries: options.retries });
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError)
      throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

/** Whether colors are wanted, by https://no-color.org and the type of the terminal. */
export function wantsColors(env: Environment): boolean {
  return (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
}
