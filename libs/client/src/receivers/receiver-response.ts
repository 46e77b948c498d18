import type { CallbackResult } from './process-callback.ts';

/** What a receiver responds, for any HTTP library. */
export interface ReceiverResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A response with a JSON body for people: the timer service reads only status and Retry-After. */
export function respond(
  status: number,
  result: string,
  headers: Readonly<Record<string, string>> = {},
): ReceiverResponse {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ result }),
  };
}

/** Soon, but after most handlers have ended. */
const IN_PROGRESS_SECONDS = 5;

/**
 * Everything but 2xx and 410 is retried. 429, 502, 503 and 504 are avoided: ten of them in a row would also hold up
 * callbacks for which the handler has no objection.
 */
export function responseOf(result: CallbackResult): ReceiverResponse {
  switch (result.kind) {
    case 'handled':
    case 'duplicate':
      return respond(200, result.kind);
    case 'in progress':
      return respond(409, result.kind, { 'retry-after': String(IN_PROGRESS_SECONDS) });
    case 'retry later':
      return respond(409, result.kind, { 'retry-after': String(result.afterSeconds) });
    case 'permanent':
      return respond(410, result.kind);
    case 'invalid payload':
      return respond(422, result.kind);
    case 'failed':
      return respond(500, result.kind);
  }
}
