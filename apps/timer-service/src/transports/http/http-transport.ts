import type { IncomingHttpHeaders } from 'node:http';
import { Agent, type Dispatcher } from 'undici';
import type { Clock } from '../../clock.ts';
import type { EgressPolicy } from '../egress/egress-policy.ts';
import {
  type GuardedConnector,
  guardedConnector,
  type ResolveHost,
  systemResolve,
} from '../egress/guarded-connector.ts';
import { formatDuration, permanent, retryable } from '../outcome.ts';
import type { Delivery, Outcome, StoredCallback, Transport } from '../transport.ts';
import { deliveryHeaders, illegalHeader } from './http-headers.ts';
import { outcomeOfError, outcomeOfStatus } from './http-outcome.ts';
import { messageSigner, type SignMessage } from './http-signature.ts';
import { cachedHttpTargets, type HttpTarget } from './http-target.ts';
import { parseRetryAfter } from './retry-after.ts';

const DEFAULT_TIMEOUT_MS = 30_000;
/** As much of a response's body is read, and dropped, so that its connection can be used again. */
const MAX_RESPONSE_BYTES = 65_536;

export interface HttpTransportOptions {
  readonly clock: Clock;
  readonly userAgent: string;
  /** `whsec_…`, the current ones; empty: deliveries are not signed. */
  readonly signingSecrets: readonly string[];
  /** How long opening a connection may take, look-up and TLS included, within the time limit of the attempt. */
  readonly connectTimeoutMs: number;
  /** Where callbacks may go. */
  readonly egressPolicy: EgressPolicy;
  /** How host names are resolved; as the operating system does it by default. */
  readonly resolve?: ResolveHost;
  /** Certificate authorities in PEM, instead of those that Node.js trusts. */
  readonly certificateAuthorities?: string;
}

function expire(attempt: Attempt): void {
  attempt.expire();
}

/**
 * One request under way. Settles exactly once, whatever order undici's calls and the time limit come in. Once the
 * response has a status, the status decides: what happens to the rest of the body changes nothing.
 */
class Attempt implements Dispatcher.DispatchHandler {
  readonly #clock: Clock;
  readonly #callback: StoredCallback<'http'>;
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
    this.#timer = setTimeout(expire, callback.timeout_ms ?? DEFAULT_TIMEOUT_MS, this);
  }

  /** The time limit has run out. */
  expire(): void {
    const missing = this.#controller === undefined ? 'connection' : 'response';
    const limit = formatDuration(this.#callback.timeout_ms ?? DEFAULT_TIMEOUT_MS);
    this.#giveUp(retryable(`no ${missing} within ${limit}`, { unreachable: true }));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // The time limit ran out while the request waited for its connection: it must not be sent any more.
    if (this.#settle === undefined) controller.abort(new Error('the attempt is over'));
  }

  onResponseStart(_: Dispatcher.DispatchController, statusCode: number, headers: IncomingHttpHeaders): void {
    if (statusCode < 200) return;
    this.#statusCode = statusCode;
    if (statusCode >= 300) this.#retryAfterMs = parseRetryAfter(headers['retry-after'], this.#clock.wallMs());
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#receivedBytes += chunk.length;
    if (this.#receivedBytes > MAX_RESPONSE_BYTES) this.#giveUp(retryable('the response is too large'));
  }

  onResponseEnd(): void {
    this.#finish(outcomeOfStatus(this.#statusCode, this.#retryAfterMs));
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#finishWith(outcomeOfError(error));
  }

  #giveUp(outcome: Outcome): void {
    this.#finishWith(outcome);
    this.#controller?.abort(new Error('the attempt is over'));
  }

  #finishWith(otherwise: Outcome): void {
    if (this.#statusCode > 0) this.#finish(outcomeOfStatus(this.#statusCode, this.#retryAfterMs));
    else if (otherwise.kind === 'permanent') this.#finish(namingHeader(otherwise, this.#callback));
    else this.#finish(otherwise);
  }

  #finish(outcome: Outcome): void {
    clearTimeout(this.#timer);
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.(outcome);
  }
}

class HttpTransport implements Transport<'http'> {
  readonly #agent: Agent;
  readonly #connector: GuardedConnector;
  readonly #clock: Clock;
  readonly #userAgent: string;
  readonly #sign: SignMessage | undefined;
  readonly #target: (url: string) => HttpTarget;

  constructor(options: HttpTransportOptions) {
    this.#clock = options.clock;
    this.#userAgent = options.userAgent;
    this.#sign = messageSigner(options.signingSecrets);
    this.#target = cachedHttpTargets(options.egressPolicy);
    this.#connector = guardedConnector({
      policy: options.egressPolicy,
      resolve: options.resolve ?? systemResolve,
      timeoutMs: options.connectTimeoutMs,
      certificateAuthorities: options.certificateAuthorities,
    });
    this.#agent = new Agent({
      connect: this.#connector.connect,
      // The attempt has one time limit for everything.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  destinationOf(callback: StoredCallback<'http'>): string {
    return this.#target(callback.url).origin;
  }

  send(delivery: Delivery<'http'>): Promise<Outcome> {
    const { callback, payload, timerId } = delivery;
    const target = this.#target(callback.url);
    if (target.problem !== undefined) return Promise.resolve(permanent(target.problem));
    const timestampSeconds = Math.floor(this.#clock.wallMs() / 1_000);
    const headers = deliveryHeaders({
      stored: callback.headers,
      authorization: target.authorization,
      userAgent: this.#userAgent,
      id: timerId,
      timestampSeconds,
      signature: this.#sign?.(timerId, timestampSeconds, payload ?? ''),
    });
    return new Promise((resolve) => {
      this.#agent.dispatch(
        { origin: target.origin, path: target.path, method: 'POST', headers, body: payload },
        new Attempt(this.#clock, callback, resolve),
      );
    });
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
    this.#connector.close();
  }
}

/** Names the header, if it was one that undici refused to send. */
function namingHeader(outcome: Outcome, callback: StoredCallback<'http'>): Outcome {
  const name = illegalHeader(callback.headers);
  return name === undefined
    ? outcome
    : permanent(`header ${JSON.stringify(name.slice(0, 100))} has a name or value that HTTP does not allow`);
}

/**
 * Delivers by POST over kept-alive connections. Redirects are never followed; 2xx is delivered, 410 is permanent,
 * everything else is retryable.
 */
export function httpTransport(options: HttpTransportOptions): Transport<'http'> {
  return new HttpTransport(options);
}
