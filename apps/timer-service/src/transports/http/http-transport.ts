import type { HeaderMap } from '@timer-platform/callback-types';
import type { Clock } from '../../clock.ts';
import type { ResolveHost } from '../dns/resolve-host.ts';
import { systemResolver } from '../dns/system-resolver.ts';
import type { EgressPolicy } from '../egress/egress-policy.ts';
import { type Connect, guardedConnector } from '../egress/guarded-connector.ts';
import { permanent, STOPPING } from '../outcome.ts';
import type { Delivery, Destination, Outcome, StoredCallback, Transport } from '../transport.ts';
import { AttemptsUnderWay } from './attempts-under-way.ts';
import { DEFAULT_TIMEOUT_MS, HttpAttempt } from './http-attempt.ts';
import { HttpConnections } from './http-connections.ts';
import { deliveryHeaders, illegalHeader } from './http-headers.ts';
import { httpMessage } from './http-message.ts';
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
  /** By default {@link systemResolver}. */
  readonly resolve?: ResolveHost;
  /** PEM; replaces the authorities that Node.js trusts. */
  readonly certificateAuthorities?: string;
  /** Replaces how connections are opened, given the one that the egress policy guards. */
  readonly connect?: ((guarded: Connect) => Connect) | undefined;
}

class HttpTransport implements Transport<'http'> {
  readonly #attemptContext: ConstructorParameters<typeof HttpAttempt>[0];
  readonly #connections: HttpConnections;
  readonly #underWay: AttemptsUnderWay;
  readonly #userAgent: string;
  readonly #sign: SignMessage | undefined;
  readonly #targetOf: (url: string) => HttpTarget;
  #isClosed = false;

  constructor(options: HttpTransportOptions) {
    const { clock, connectTimeoutMs } = options;
    this.#userAgent = options.userAgent;
    this.#sign = messageSigner(options.signingSecrets);
    this.#targetOf = cachedHttpTargets(options.egressPolicy);
    const guarded = guardedConnector({
      policy: options.egressPolicy,
      resolve: options.resolve ?? systemResolver(clock),
      timeoutMs: connectTimeoutMs,
      certificateAuthorities: options.certificateAuthorities,
    });
    this.#connections = new HttpConnections(clock, options.connect?.(guarded) ?? guarded);
    this.#underWay = new AttemptsUnderWay(clock);
    this.#attemptContext = {
      clock,
      connectTimeoutMs,
      connections: this.#connections,
      underWay: this.#underWay,
    };
  }

  destinationOf({ timeout_ms: timeoutMs, url }: StoredCallback<'http'>): Destination {
    return this.#targetOf(url).destinationFor(timeoutMs ?? DEFAULT_TIMEOUT_MS);
  }

  send(delivery: Delivery<'http'>): void {
    const { attemptNumber, callback, messageId, payload, startedMs } = delivery;
    const target = this.#targetOf(callback.url);
    const outcome = this.#isClosed ? STOPPING : target.problem;
    if (outcome !== undefined) {
      delivery.ended(outcome);
      return;
    }
    const timestampSeconds = Math.floor(startedMs / 1_000);
    const fields = deliveryHeaders({
      host: target.host,
      stored: callback.headers,
      authorization: target.authorization,
      userAgent: this.#userAgent,
      id: messageId,
      timestampSeconds,
      attemptNumber,
      signature: this.#sign?.(messageId, timestampSeconds, payload ?? ''),
    });
    if (fields === undefined) {
      delivery.ended(illegalHeaderOutcome(callback.headers));
      return;
    }
    const message = httpMessage(target.requestLine + fields, payload ?? '');
    new HttpAttempt(this.#attemptContext, delivery, target.origin, message).start();
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#underWay.close();
    this.#connections.close();
    return Promise.resolve();
  }
}

function illegalHeaderOutcome(stored: HeaderMap): Outcome {
  const name = JSON.stringify(illegalHeader(stored)?.slice(0, 100));
  return permanent(`header ${name} has a name or value that HTTP does not allow`);
}

/**
 * Delivers by POST over keep-alive connections. Redirects are not followed; 2xx is delivered, 410 is permanent,
 * everything else is retryable, unless the cause is this process or this machine.
 */
export function httpTransport(options: HttpTransportOptions): Transport<'http'> {
  return new HttpTransport(options);
}
