import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { Clock } from '../../clock.ts';
import { formatDuration, permanent, retryable } from '../outcome.ts';
import type { Outcome, StoredCallback } from '../transport.ts';
import { illegalHeader } from './http-headers.ts';
import { outcomeOfError, outcomeOfStatus } from './http-outcome.ts';
import { parseRetryAfter } from './retry-after.ts';

const DEFAULT_TIMEOUT_MS = 30_000;
/** This much of a response body is read and discarded, so that the connection can be reused. */
const MAX_RESPONSE_BYTES = 65_536;

function expire(attempt: HttpAttempt): void {
  attempt.expire();
}

/**
 * One request under way; receives undici's events and settles exactly once. After the response has a status, the status
 * alone decides: what happens to the rest of the body changes nothing.
 */
export class HttpAttempt implements Dispatcher.DispatchHandler {
  readonly #clock: Clock;
  readonly #callback: StoredCallback<'http'>;
  readonly #timeoutMs: number;
  readonly #timer: NodeJS.Timeout;
  #settle: ((outcome: Outcome) => void) | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #statusCode = 0;
  #retryAfterMs: number | null = null;
  #receivedBytes = 0;

  constructor(clock: Clock, callback: StoredCallback<'http'>, settle: (outcome: Outcome) => void) {
    this.#clock = clock;
    this.#callback = callback;
    this.#settle = settle;
    this.#timeoutMs = callback.timeout_ms ?? DEFAULT_TIMEOUT_MS;
    this.#timer = setTimeout(expire, this.#timeoutMs, this);
  }

  /** The timeout has passed. */
  expire(): void {
    const missing = this.#controller === undefined ? 'connection' : 'response';
    const limit = formatDuration(this.#timeoutMs);
    this.#abort(retryable(`no ${missing} within ${limit}`, { unreachable: true }));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // The timeout passed while the request waited for a connection: it must not be sent.
    if (this.#settle === undefined) controller.abort(new Error('the attempt has ended'));
  }

  onResponseStart(_: Dispatcher.DispatchController, statusCode: number, headers: IncomingHttpHeaders): void {
    if (statusCode < 200) return;
    this.#statusCode = statusCode;
    if (statusCode >= 300) this.#retryAfterMs = parseRetryAfter(headers['retry-after'], this.#clock.wallMs());
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#receivedBytes += chunk.length;
    if (this.#receivedBytes > MAX_RESPONSE_BYTES) this.#abort(retryable('the response is too large'));
  }

  onResponseEnd(): void {
    this.#end(outcomeOfStatus(this.#statusCode, this.#retryAfterMs));
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#endWithoutResponse(outcomeOfError(error));
  }

  #abort(outcome: Outcome): void {
    this.#endWithoutResponse(outcome);
    this.#controller?.abort(new Error('the attempt has ended'));
  }

  /** Ends without a complete response: `outcome` applies unless a status has been received. */
  #endWithoutResponse(outcome: Outcome): void {
    if (this.#statusCode > 0) this.#end(outcomeOfStatus(this.#statusCode, this.#retryAfterMs));
    else if (outcome.kind === 'permanent') this.#end(withIllegalHeader(outcome, this.#callback));
    else this.#end(outcome);
  }

  #end(outcome: Outcome): void {
    clearTimeout(this.#timer);
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.(outcome);
  }
}

/** Names the stored header that made undici reject the request, if a header did. */
function withIllegalHeader(outcome: Outcome, callback: StoredCallback<'http'>): Outcome {
  const name = illegalHeader(callback.headers);
  return name === undefined
    ? outcome
    : permanent(`header ${JSON.stringify(name.slice(0, 100))} has a name or value that HTTP does not allow`);
}
