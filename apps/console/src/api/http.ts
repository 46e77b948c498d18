import { type QueryFields, toQueryString } from '../lib/query-string.ts';
import { apiBase, consoleBase } from './addresses.ts';
import { ApiProblem, noResponse, problemOf } from './api-problem.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface RequestOptions {
  readonly query?: QueryFields;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** The data of a success, and the version of what was read. */
export interface Answer<Data> {
  readonly data: Data;
  /** For If-Match; null if the resource has none. */
  readonly etag: string | null;
}

/** The header that only pages of this origin can send with the cookie of the session. */
const CONSOLE_HEADER = { 'x-timer-console': '1' };

/**
 * Sends a request to the API.
 * @param path of the API, such as `/timers`; parts of it are encoded by the caller
 * @throws ApiProblem for every error, also when there is no response
 */
export async function request<Data>(
  method: Method,
  path: string,
  options: RequestOptions = {},
): Promise<Data> {
  return (await requestWithEtag<Data>(method, path, options)).data;
}

/** Like {@link request}, with the ETag of the response. */
export async function requestWithEtag<Data>(
  method: Method,
  path: string,
  options: RequestOptions = {},
): Promise<Answer<Data>> {
  return send<Data>(method, `${apiBase()}${path}${toQueryString(options.query ?? {})}`, options);
}

/** A request to the paths of the console itself, such as `api/session`. */
export async function requestConsole<Data>(
  method: Method,
  path: string,
  options: RequestOptions = {},
): Promise<Data> {
  return (await send<Data>(method, `${consoleBase()}${path}`, options)).data;
}

async function send<Data>(
  method: Method,
  url: string,
  { body, headers, signal }: RequestOptions,
): Promise<Answer<Data>> {
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      headers: {
        accept: 'application/json',
        ...CONSOLE_HEADER,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw noResponse();
  }
  return { data: (await readBody(response)) as Data, etag: response.headers.get('etag') };
}

async function readBody(response: Response): Promise<unknown> {
  let body: unknown;
  try {
    const text = await response.text();
    body = text === '' ? null : JSON.parse(text);
  } catch {
    if (response.ok)
      throw new ApiProblem({
        status: response.status,
        code: 0,
        message: 'The response of the service is no JSON; something between may have changed it.',
        reason: null,
        issues: [],
        retryAfterSeconds: null,
      });
  }
  if (!response.ok) throw problemOf(response.status, body, response.headers.get('retry-after'));
  return typeof body === 'object' && body !== null && 'data' in body ? body.data : body;
}
