import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { Clock } from '../../clock.ts';
import { formatDuration, permanent, REFUSED, retryable, STOPPING } from '../outcome.ts';
import type { Delivery, Outcome, StoredCallback } from '../transport.ts';
import type { AttemptsUnderWay } from './attempts-under-way.ts';
import type { HttpConnection, HttpRequest } from './http-connection.ts';
import type { HttpConnections } from './http-connections.ts';
import { illegalHeader } from './http-headers.ts';
import { isClosedConnection, outcomeOfError, outcomeOfStatus } from './http-outcome.ts';
import { parseRetryAfter } from './retry-after.ts';

export const DEFAULT_TIMEOUT_MS = 30_000;
/** This much of a response body is read and discarded, so that the connection can be reused. */
const MAX_BODY_BYTES = 65_536;
const MAX_INTERIM_RESPONSES = 10;

interface AttemptContext {
  readonly clock: Clock;
  readonly connections: HttpConnections;
  readonly underWay: AttemptsUnderWay;
  readonly connectTimeoutMs: number;
}

/**
 * One request under way; receives undici's events and ends exactly once. After the response has a status, the status
 * alone decides: what happens to the rest of the body changes nothing.
 */
export class HttpAttempt implements Dispatcher.DispatchHandler {
  readonly deadlineMs: number;
  position = -1;
  readonly #context: AttemptContext;
  readonly #delivery: Delivery<'http'>;
  readonly #request: HttpRequest;
  readonly #timeoutMs: number;
  #connection: HttpConnection;
  /** Set when the request is about to be written. */
  #controller: Dispatcher.DispatchController | undefined;
  #hasEnded = false;
  #isRepeated = false;
  #statusCode = 0;
  #retryAfterMs: number | null = null;
  #interimResponses = 0;
  #bodyBytes = 0;

  constructor(context: AttemptContext, delivery: Delivery<'http'>, origin: string, request: HttpRequest) {
    this.#context = context;
    this.#delivery = delivery;
    this.#request = request;
    this.#timeoutMs = delivery.callback.timeout_ms ?? DEFAULT_TIMEOUT_MS;
    this.deadlineMs = context.clock.monotonicMs() + this.#timeoutMs;
    this.#connection = context.connections.take(origin);
  }

  start(): void {
    this.#context.underWay.add(this);
    this.#connection.send(this.#request, this);
  }

  /** The timeout has passed. */
  expire(): void {
    const limit = formatDuration(this.#timeoutMs);
    if (this.#controller !== undefined)
      this.#abort(retryable(`no response within ${limit}`, { unavailable: 'route' }));
    else {
      // A callback with a short timeout proves nothing about the endpoint.
      const isShort = this.#timeoutMs < this.#context.connectTimeoutMs;
      this.#abort(
        retryable(`no connection within ${limit}`, { unavailable: isShort ? 'route' : 'endpoint' }),
      );
    }
  }

  /** The transport is closed. */
  stop(): void {
    this.#abort(STOPPING);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#connection.started();
    if (this.#hasEnded) controller.abort(new Error('the attempt has ended'));
    else if (!this.#delivery.mayStart()) this.#abort(REFUSED);
  }

  onResponseStart(_: Dispatcher.DispatchController, statusCode: number, headers: IncomingHttpHeaders): void {
    if (statusCode < 200) {
      this.#interimResponses += 1;
      if (this.#interimResponses > MAX_INTERIM_RESPONSES)
        this.#abort(retryable('the response has too many interim responses'));
      return;
    }
    this.#statusCode = statusCode;
    if (statusCode >= 300)
      this.#retryAfterMs = parseRetryAfter(headers['retry-after'], this.#context.clock.wallMs());
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bodyBytes += chunk.length;
    if (this.#bodyBytes > MAX_BODY_BYTES) this.#abort(retryable('the response is too large'));
  }

  onResponseEnd(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#context.underWay.delete(this);
    this.#connection.ended(() => {
      this.#delivery.ended(outcomeOfStatus(this.#statusCode, this.#retryAfterMs));
    });
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    if (this.#mayRepeat(error)) this.#repeat();
    else this.#abort(outcomeOfError(error));
  }

  /** Whether the receiver closed an idle connection while the request was on its way: the request was not read. */
  #mayRepeat(error: Error): boolean {
    return (
      !this.#hasEnded &&
      !this.#isRepeated &&
      this.#controller !== undefined &&
      this.#connection.hasServed &&
      !this.#connection.hasReceived &&
      isClosedConnection(error)
    );
  }

  #repeat(): void {
    const { origin } = this.#connection;
    this.#isRepeated = true;
    this.#controller = undefined;
    void this.#connection.close();
    this.#connection = this.#context.connections.open(origin);
    this.#connection.send(this.#request, this);
  }

  /** Ends without a complete response: `outcome` applies unless a status has been received. Closes the connection. */
  #abort(outcome: Outcome): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#connection.ended();
    // While undici writes or parses, only this ends the request at once.
    this.#controller?.abort(new Error('the attempt has ended'));
    void this.#connection.close();
    this.#context.underWay.delete(this);
    this.#delivery.ended(
      this.#statusCode > 0
        ? outcomeOfStatus(this.#statusCode, this.#retryAfterMs)
        : withIllegalHeader(outcome, this.#delivery.callback),
    );
  }
}

/** Names the stored header that made undici reject the request, if a header did. */
function withIllegalHeader(outcome: Outcome, callback: StoredCallback<'http'>): Outcome {
  if (outcome.kind !== 'permanent') return outcome;
  const name = illegalHeader(callback.headers);
  return name === undefined
    ? outcome
    : permanent(`header ${JSON.stringify(name.slice(0, 100))} has a name or value that HTTP does not allow`);
}
