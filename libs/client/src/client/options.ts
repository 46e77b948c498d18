import type { Fetch } from './runtime.ts';

/** How long calls may take, and how often a request is sent. */
export interface CallLimits {
  /** Time limit of one try in milliseconds: 10,000 by default. */
  readonly timeoutMs?: number | undefined;
  /** Time limit of the call in milliseconds, with all its tries and the waits between them: 60,000 by default. */
  readonly deadlineMs?: number | undefined;
  /** How often a request is sent again after an error that may be transient: 6 by default, 0 for never. */
  readonly retries?: number | undefined;
}

export interface ClientOptions extends CallLimits {
  /** Where the timer service is, such as `https://timers.example.com`; may have a path, but no query. */
  readonly url: string;
  /** A key of the service, with the role `read`, `write` or `admin`. */
  readonly apiKey: string;
  /** Replaces the global `fetch`: for a proxy, a custom certificate authority or tracing. */
  readonly fetch?: Fetch | undefined;
}

/** Options of one call. Limits replace those of the client. */
export interface CallOptions extends CallLimits {
  /** Ends the call at once, with an error of the kind `aborted`. */
  readonly signal?: AbortSignal | undefined;
}

export interface CreateOptions extends CallOptions {
  /**
   * Identifies this call: repeated with the same key, also by another process and for a week, it stores nothing twice. Up
   * to 255 visible ASCII characters without spaces. By default a random key, which covers the retries of this call.
   */
  readonly idempotencyKey?: string | undefined;
}

/** {@link CallLimits} with nothing left open. */
export interface ResolvedLimits {
  readonly timeoutMs: number;
  readonly deadlineMs: number;
  readonly retries: number;
}

export const DEFAULT_LIMITS: ResolvedLimits = { timeoutMs: 10_000, deadlineMs: 60_000, retries: 6 };

/** Above this, setTimeout fires at once. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;
const MAX_RETRIES = 1_000;

function numberIn(name: string, value: number, min: number, max: number): number {
  if (!Number.isInteger(value) || value < min || value > max)
    throw new RangeError(`${name} must be a whole number from ${min} to ${max}, got ${value}`);
  return value;
}

/** @throws {RangeError} if a limit is not a whole number in its range */
export function resolveLimits(limits: CallLimits, defaults: ResolvedLimits): ResolvedLimits {
  const { timeoutMs = defaults.timeoutMs, deadlineMs = defaults.deadlineMs } = limits;
  return {
    timeoutMs: numberIn('timeoutMs', timeoutMs, 1, MAX_TIMEOUT_MS),
    deadlineMs: numberIn('deadlineMs', deadlineMs, 1, MAX_TIMEOUT_MS),
    retries: numberIn('retries', limits.retries ?? defaults.retries, 0, MAX_RETRIES),
  };
}

/**
 * Returns the URL to which paths are appended: without a trailing slash.
 *
 * @throws {TypeError} if it is not a URL of a timer service
 */
export function parseBaseUrl(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new TypeError('url must be an absolute URL, such as https://timers.example.com');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new TypeError(`url must start with http:// or https://, got ${url.protocol}`);
  if (url.username !== '' || url.password !== '')
    throw new TypeError(
      'url must not contain a user name or password: pass the key of the service as apiKey',
    );
  if (url.search !== '' || url.hash !== '') throw new TypeError('url must not have a query or a fragment');
  return url.origin + url.pathname.replace(/\/+$/, '');
}

/** @throws {TypeError} if no header could carry the key; the message does not contain it */
export function parseApiKey(key: string): string {
  if (typeof key !== 'string' || key.trim() === '')
    throw new TypeError('apiKey must be a key of the timer service; it is empty');
  if (!/^[\x21-\x7e]+$/.test(key.trim()))
    throw new TypeError('apiKey must contain only visible ASCII characters, without spaces');
  return key.trim();
}
