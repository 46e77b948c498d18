import type { Clock } from '../../clock.ts';
import { formatDuration, REFUSED, retryable, STOPPING } from '../outcome.ts';
import type { Delivery, Outcome } from '../transport.ts';
import type { AttemptsUnderWay } from './attempts-under-way.ts';
import type { HttpConnection, RequestHandler } from './http-connection.ts';
import type { HttpConnections } from './http-connections.ts';
import { isClosedConnection, outcomeOfError, outcomeOfStatus } from './http-outcome.ts';
import type { ResponseHead } from './response-head.ts';
import { parseRetryAfter } from './retry-after.ts';

export const DEFAULT_TIMEOUT_MS = 30_000;

interface AttemptContext {
  readonly clock: Clock;
  readonly connections: HttpConnections;
  readonly underWay: AttemptsUnderWay;
  readonly connectTimeoutMs: number;
}

/**
 * One request under way; ends exactly once. After the response has a status, the status alone decides: what happens to
 * the rest of the body changes nothing.
 */
export class HttpAttempt implements RequestHandler {
  readonly deadlineMs: number;
  position = -1;
  readonly #context: AttemptContext;
  readonly #delivery: Delivery<'http'>;
  readonly #message: string | Buffer;
  readonly #timeoutMs: number;
  #connection: HttpConnection;
  /** The request is about to be written, or has been. */
  #isWritten = false;
  #hasEnded = false;
  #isRepeated = false;

  constructor(context: AttemptContext, delivery: Delivery<'http'>, origin: string, message: string | Buffer) {
    this.#context = context;
    this.#delivery = delivery;
    this.#message = message;
    this.#timeoutMs = delivery.callback.timeout_ms ?? DEFAULT_TIMEOUT_MS;
    this.deadlineMs = context.clock.monotonicMs() + this.#timeoutMs;
    this.#connection = context.connections.take(origin);
  }

  start(): void {
    this.#context.underWay.add(this);
    this.#connection.send(this.#message, this);
  }

  /** The timeout has passed. */
  expire(): void {
    const limit = formatDuration(this.#timeoutMs);
    if (this.#isWritten) this.#abort(retryable(`no response within ${limit}`, { unavailable: 'route' }));
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

  mayWrite(): boolean {
    this.#isWritten = true;
    if (this.#delivery.mayStart()) return true;
    this.#abort(REFUSED);
    return false;
  }

  ended(head: ResponseHead): void {
    this.#end(this.#outcomeOf(head));
  }

  failed(error: unknown): void {
    if (this.#mayRepeat(error)) this.#repeat();
    else this.#abort(outcomeOfError(error));
  }

  /** Whether the receiver closed an idle connection while the request was on its way: the request was not read. */
  #mayRepeat(error: unknown): boolean {
    return (
      !this.#isRepeated &&
      this.#isWritten &&
      this.#connection.hasServed &&
      !this.#connection.hasReceived &&
      isClosedConnection(error)
    );
  }

  #repeat(): void {
    const { origin } = this.#connection;
    this.#isRepeated = true;
    this.#isWritten = false;
    this.#connection.close();
    this.#connection = this.#context.connections.open(origin);
    this.#connection.send(this.#message, this);
  }

  /** Ends without a complete response: `outcome` applies unless a status has been received. Closes the connection. */
  #abort(outcome: Outcome): void {
    const { head } = this.#connection;
    this.#connection.close();
    this.#end(head === undefined ? outcome : this.#outcomeOf(head));
  }

  #end(outcome: Outcome): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#context.underWay.delete(this);
    this.#delivery.ended(outcome);
  }

  #outcomeOf({ retryAfter, statusCode }: ResponseHead): Outcome {
    const retryAfterMs = statusCode < 300 ? null : parseRetryAfter(retryAfter, this.#context.clock.wallMs());
    return outcomeOfStatus(statusCode, retryAfterMs);
  }
}
