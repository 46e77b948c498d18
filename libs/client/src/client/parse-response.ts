import type { TimerState, ValidationIssue } from '@timer-platform/callback-types';
import { kindOfCode, TimerError, type TimerErrorDetails } from './errors.ts';
import { isObject, type JsonObject } from './json-object.ts';
import { retryAfterMs } from './retry-after.ts';
import type { RawResponse } from './send-request.ts';

function isIssue(value: unknown): value is ValidationIssue {
  return isObject(value) && typeof value['path'] === 'string' && typeof value['message'] === 'string';
}

/** A later service may have more states: any text is one. */
function isState(value: unknown): value is TimerState {
  return typeof value === 'string';
}

/** The error that a body describes: of an error response, or of the SQL functions of the platform. */
export function errorFromBody(
  label: string,
  body: JsonObject & { readonly code: number },
  details: Pick<TimerErrorDetails, 'httpStatus' | 'retryAfterMs' | 'cause'>,
): TimerError {
  const { code, message, errors, reason, status } = body;
  const text = typeof message === 'string' ? message : `code ${code}`;
  return new TimerError(kindOfCode(code), `${label} was refused: ${text}`, {
    ...details,
    code,
    reason: typeof reason === 'string' ? reason : undefined,
    timerStatus: isState(status) ? status : undefined,
    issues: Array.isArray(errors) ? errors.filter(isIssue) : [],
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function hasCode(body: unknown): body is JsonObject & { readonly code: number } {
  return isObject(body) && Number.isInteger(body['code']);
}

/** Says what came instead, but not the body: it may repeat the request with its API key. */
export function badResponse(label: string, response: RawResponse, what: string): TimerError {
  const { httpStatus } = response;
  return new TimerError('badResponse', `${label} got status ${httpStatus} with ${what}`, { httpStatus });
}

function describeForeign({ httpStatus, contentType }: RawResponse): string {
  const type = contentType?.split(';', 1)[0]?.trim().slice(0, 60) ?? '';
  const content = /^[\w.+-]+\/[\w.+-]+$/.test(type) ? type : 'a body';
  const hint =
    httpStatus >= 300 && httpStatus < 400
      ? 'redirects are not followed, because they would send the API key elsewhere: set url to where it leads'
      : 'check the url, and what is between the client and the timer service';
  return `${content} that is not a response of a timer service; ${hint}`;
}

/**
 * Returns the `data` of a success. Whatever else a later service adds to a response is ignored.
 *
 * @throws {TimerError} of the code in an error response; `badResponse` if it is not from a timer service
 */
export function parseResponse(label: string, response: RawResponse, wallMs: number): unknown {
  const body = parseJson(response.text);
  const wait = retryAfterMs(response.retryAfter, wallMs);
  if (!hasCode(body)) {
    const { message, kind, httpStatus } = badResponse(label, response, describeForeign(response));
    throw new TimerError(kind, message, { httpStatus, retryAfterMs: wait });
  }
  if (body.code !== 0)
    throw errorFromBody(label, body, { httpStatus: response.httpStatus, retryAfterMs: wait });
  return body['data'];
}
