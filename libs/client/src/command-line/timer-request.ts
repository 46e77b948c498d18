import type { CallbackConfig, JsonValue, RetryPolicy } from '@timer-platform/callback-types';
import type { NewTimer } from '../client/requests.ts';
import type { InputReader } from './command-context.ts';
import { UsageError } from './usage-error.ts';

/** Options of a callback and of what is stored beside it, as commander parses them. */
export interface CallbackFlags {
  readonly http?: string;
  readonly nats?: string;
  readonly natsKey?: string;
  readonly jetstream?: boolean;
  readonly header: readonly string[];
  readonly payload?: string;
  readonly timeoutMs?: number;
  readonly metadata?: string;
  readonly retry?: string;
}

/** Options of `create`. */
export interface CreateFlags extends CallbackFlags {
  readonly delay?: string;
  readonly at?: string;
  readonly expiresAt?: string;
  readonly file?: string;
}

/** What timers and schedules have in common. */
export interface CallbackRequest {
  readonly callback: CallbackConfig;
  readonly metadata?: JsonValue;
  readonly retry?: RetryPolicy;
}

export function parseJson(text: string, option: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${option} must be JSON: ${error instanceof Error ? error.message : ''}`, {
      cause: error,
    });
  }
}

/** A value of JSON: on the command line, or with `@` in a file, `@-` for standard input. */
async function jsonOption(
  text: string | undefined,
  option: string,
  readInput: InputReader,
): Promise<JsonValue | undefined> {
  if (text === undefined) return undefined;
  const source = text.startsWith('@') ? new TextDecoder().decode(await readInput(text.slice(1))) : text;
  return parseJson(source, option) as JsonValue;
}

/** Parses `Name: value`. */
export function parseHeader(text: string): readonly [name: string, value: string] {
  const colon = text.indexOf(':');
  if (colon < 1) throw new UsageError('--header must be "Name: value"');
  return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
}

function callbackOf(flags: CallbackFlags, payload: JsonValue | undefined): CallbackConfig {
  const { http, nats, natsKey, jetstream, timeoutMs, header } = flags;
  const content = {
    ...(header.length > 0 && { headers: Object.fromEntries(header.map(parseHeader)) }),
    ...(payload !== undefined && { payload }),
  };
  if (http !== undefined && nats === undefined) {
    if (natsKey !== undefined || jetstream !== undefined)
      throw new UsageError('--nats-key and --jetstream belong to --nats');
    return { type: 'http', url: http, ...content, ...(timeoutMs !== undefined && { timeout_ms: timeoutMs }) };
  }
  if (nats === undefined || http !== undefined)
    throw new UsageError(
      'give one destination: --http <url> or --nats <topic>, or the whole request with --file',
    );
  if (timeoutMs !== undefined) throw new UsageError('--timeout-ms belongs to --http');
  return {
    type: 'nats',
    topic: nats,
    ...(natsKey !== undefined && { key: natsKey }),
    ...content,
    ...(jetstream !== undefined && { jetstream }),
  };
}

/** Makes the callback of the options, and what is stored beside it. */
export async function callbackRequest(
  flags: CallbackFlags,
  readInput: InputReader,
): Promise<CallbackRequest> {
  const payload = await jsonOption(flags.payload, '--payload', readInput);
  const metadata = await jsonOption(flags.metadata, '--metadata', readInput);
  const retry = await jsonOption(flags.retry, '--retry', readInput);
  return {
    callback: callbackOf(flags, payload),
    ...(metadata !== undefined && { metadata }),
    ...(retry !== undefined && { retry: retry as RetryPolicy }),
  };
}

/** Options that --file replaces. */
const REQUEST_FLAGS = ['delay', 'at', 'http', 'nats', 'payload', 'metadata', 'retry', 'expiresAt'] as const;

/**
 * Makes the request of the options. The service checks the values.
 *
 * @throws {UsageError} if options are missing or contradict each other
 */
export async function timerRequest(flags: CreateFlags, readInput: InputReader): Promise<NewTimer> {
  if (flags.file !== undefined) {
    if (REQUEST_FLAGS.some((name) => flags[name] !== undefined) || flags.header.length > 0)
      throw new UsageError('--file has the whole request: leave out the other options');
    const text = new TextDecoder().decode(await readInput(flags.file));
    return parseJson(text, '--file') as NewTimer;
  }
  if ((flags.delay === undefined) === (flags.at === undefined))
    throw new UsageError('give either --delay, such as 15m, or --at, such as 2030-01-31T09:00:00Z');
  return {
    ...(flags.delay === undefined ? { execute_at: flags.at } : { delay: flags.delay }),
    ...(await callbackRequest(flags, readInput)),
    ...(flags.expiresAt !== undefined && { expires_at: flags.expiresAt }),
  };
}
