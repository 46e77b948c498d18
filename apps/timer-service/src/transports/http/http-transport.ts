import { Agent } from 'undici';
import type { Clock } from '../../clock.ts';
import type { EgressPolicy } from '../egress/egress-policy.ts';
import {
  type GuardedConnector,
  guardedConnector,
  type ResolveHost,
  systemResolve,
} from '../egress/guarded-connector.ts';
import { permanent } from '../outcome.ts';
import type { Delivery, Outcome, StoredCallback, Transport } from '../transport.ts';
import { HttpAttempt } from './http-attempt.ts';
import { deliveryHeaders } from './http-headers.ts';
import { messageSigner, type SignMessage } from './http-signature.ts';
import { cachedHttpTargets, type HttpTarget } from './http-target.ts';

export interface HttpTransportOptions {
  readonly clock: Clock;
  readonly userAgent: string;
  /** The current `whsec_…` secrets; empty: deliveries are not signed. */
  readonly signingSecrets: readonly string[];
  /** For opening a connection, lookup and TLS included; the timeout of the attempt still applies. */
  readonly connectTimeoutMs: number;
  readonly egressPolicy: EgressPolicy;
  /** By default that of the operating system. */
  readonly resolve?: ResolveHost;
  /** PEM; replaces the authorities that Node.js trusts. */
  readonly certificateAuthorities?: string;
}

class HttpTransport implements Transport<'http'> {
  readonly #agent: Agent;
  readonly #connector: GuardedConnector;
  readonly #clock: Clock;
  readonly #userAgent: string;
  readonly #sign: SignMessage | undefined;
  readonly #targetOf: (url: string) => HttpTarget;

  constructor(options: HttpTransportOptions) {
    this.#clock = options.clock;
    this.#userAgent = options.userAgent;
    this.#sign = messageSigner(options.signingSecrets);
    this.#targetOf = cachedHttpTargets(options.egressPolicy);
    this.#connector = guardedConnector({
      policy: options.egressPolicy,
      resolve: options.resolve ?? systemResolve,
      timeoutMs: options.connectTimeoutMs,
      certificateAuthorities: options.certificateAuthorities,
    });
    this.#agent = new Agent({
      connect: this.#connector.connect,
      // HttpAttempt has one timeout for the whole request.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  destinationOf(callback: StoredCallback<'http'>): string {
    return this.#targetOf(callback.url).origin;
  }

  send(delivery: Delivery<'http'>): Promise<Outcome> {
    const { callback, payload, timerId } = delivery;
    const target = this.#targetOf(callback.url);
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
        new HttpAttempt(this.#clock, callback, resolve),
      );
    });
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
    this.#connector.close();
  }
}

/**
 * Delivers by POST over keep-alive connections. Redirects are not followed; 2xx is delivered, 410 is permanent,
 * everything else is retryable.
 */
export function httpTransport(options: HttpTransportOptions): Transport<'http'> {
  return new HttpTransport(options);
}
