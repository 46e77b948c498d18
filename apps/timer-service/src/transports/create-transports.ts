import type { Clock } from '../clock.ts';
import type { EgressPolicy } from './egress/egress-policy.ts';
import { httpTransport, type HttpTransportOptions } from './http/http-transport.ts';
import { serviceVersion } from './http/service-version.ts';
import { type NatsTransport, natsTransport, unconfiguredNatsTransport } from './nats/nats-transport.ts';
import type { Transports } from './transport.ts';
import type { TransportLog } from './transport-log.ts';
import { createEgressPolicy, type TransportSettings } from './transport-settings.ts';

export interface TransportContext {
  readonly clock: Clock;
  readonly log: TransportLog;
  /** By default that of the settings, without loopback. */
  readonly egressPolicy?: EgressPolicy;
  /** See HttpTransportOptions.connect. */
  readonly connect?: HttpTransportOptions['connect'];
  /** See NatsTransportOptions.onMaxPayload. */
  readonly onNatsMaxPayload?: (() => void) | undefined;
}

export interface CreatedTransports extends Transports {
  /** Also reports the server's payload limit, for the API. */
  readonly nats: NatsTransport;
}

/** Creates one transport for every callback type. Connects to NATS in the background; the caller closes them. */
export function createTransports(
  settings: TransportSettings,
  {
    clock,
    egressPolicy = createEgressPolicy(settings, false),
    connect,
    log,
    onNatsMaxPayload,
  }: TransportContext,
): CreatedTransports {
  return {
    http: httpTransport({
      clock,
      userAgent: `timer-platform/${serviceVersion()}`,
      signingSecrets: settings.signingSecrets,
      connectTimeoutMs: settings.httpConnectTimeoutMs,
      egressPolicy,
      connect,
    }),
    nats:
      settings.nats === undefined
        ? unconfiguredNatsTransport()
        : natsTransport({ settings: settings.nats, log, onMaxPayload: onNatsMaxPayload }),
  };
}
