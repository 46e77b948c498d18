import { TimerError } from './errors.ts';
import { readBody } from './read-body.ts';
import type { Fetch } from './runtime.ts';

/** More than any response of the service. */
const MAX_RESPONSE_BYTES = 32 * 2 ** 20;

/** A request as it is sent, once. */
export interface OutgoingRequest {
  /** Method and path for messages: without the query, and without what is secret. */
  readonly label: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string | undefined;
}

/** A complete response. */
export interface RawResponse {
  readonly httpStatus: number;
  readonly contentType: string | null;
  readonly retryAfter: string | null;
  readonly text: string;
}

export interface SendOptions {
  readonly fetch: Fetch;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** The error of a call whose signal is aborted. */
export function abortedError(label: string, signal: AbortSignal): TimerError {
  return new TimerError('aborted', `${label} was aborted by the caller`, { cause: signal.reason });
}

/** Codes such as ECONNREFUSED, which fetch hides in the cause, and in the errors of an AggregateError. */
function systemCode(error: unknown, depth = 0): string | undefined {
  if (typeof error !== 'object' || error === null || depth > 5) return undefined;
  const { code, cause, errors } = error as { code?: unknown; cause?: unknown; errors?: unknown };
  if (typeof code === 'string') return code;
  return systemCode(cause ?? (Array.isArray(errors) ? errors[0] : undefined), depth + 1);
}

function networkError(label: string, url: string, cause: unknown): TimerError {
  const code = systemCode(cause);
  const why = code === undefined ? '' : ` (${code})`;
  return new TimerError(
    'network',
    `${label} got no complete response from ${new URL(url).origin}${why}; is the timer service running there?`,
    { cause },
  );
}

async function exchange(
  { label, url, method, headers, body }: OutgoingRequest,
  fetch: Fetch,
  signal: AbortSignal,
): Promise<RawResponse> {
  const init = {
    method,
    headers,
    redirect: 'manual',
    signal,
    ...(body === undefined ? {} : { body }),
  } as const;
  let response, text;
  try {
    response = await fetch(url, init);
    text = await readBody(response, MAX_RESPONSE_BYTES);
  } catch (error) {
    throw networkError(label, url, error);
  }
  if (text === undefined)
    throw new TimerError('badResponse', `${label} got a response of more than ${MAX_RESPONSE_BYTES} bytes`, {
      httpStatus: response.status,
    });
  return {
    httpStatus: response.status,
    contentType: response.headers.get('content-type'),
    retryAfter: response.headers.get('retry-after'),
    text,
  };
}

/**
 * Sends a request once and reads the response. Ends at the time limit, and at once when the signal is aborted, even if
 * `fetch` ignores its signal. Leaves no timer and no listener behind.
 *
 * @throws {TimerError} `network`, `timeout`, `aborted` or `badResponse`
 */
export async function sendRequest(request: OutgoingRequest, options: SendOptions): Promise<RawResponse> {
  const { fetch, timeoutMs, signal } = options;
  const controller = new AbortController();
  let stop: () => void = () => undefined;
  const interrupted = new Promise<never>((_resolve, reject) => {
    const timer = setTimeout(() => {
      reject(
        new TimerError('timeout', `${request.label} got no response within ${Math.round(timeoutMs)} ms`),
      );
    }, timeoutMs);
    const onAbort = (): void => {
      if (signal !== undefined) reject(abortedError(request.label, signal));
    };
    signal?.addEventListener('abort', onAbort);
    stop = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
  });
  try {
    return await Promise.race([exchange(request, fetch, controller.signal), interrupted]);
  } finally {
    stop();
    // Closes the connection of a request that has not ended; does nothing to one that has.
    controller.abort();
  }
}
