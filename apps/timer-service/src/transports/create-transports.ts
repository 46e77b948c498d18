import type { Clock } from '../clock.ts';
import type { EgressPolicy } from './egress/egress-policy.ts';
import { httpTransport } from './http/http-transport.ts';
import { deliveryUserAgent } from './http/user-agent.ts';
import { natsTransport, unconfiguredNatsTransport } from './nats/nats-transport.ts';
import type { Transports } from './transport.ts';
import type { TransportLog } from './transport-log.ts';
import { createEgressPolicy, type TransportSettings } from './transport-settings.ts';

export interface TransportContext {
  readonly clock: Clock;
  readonly log: TransportLog;
  /** Where HTTP callbacks may go; by default what the settings open, and not this machine. */
  readonly egressPolicy?: EgressPolicy;
}

/** One transport for every callback type. Connects to NATS in the background; close each when done. */
export function createTransports(
  settings: TransportSettings,
  { clock, egressPolicy = createEgressPolicy(settings, false), log }: TransportContext,
): Transports {
  return {
    http: httpTransport({
      clock,
      userAgent: deliveryUserAgent(),
      signingSecrets: settings.signingSecrets,
      connectTimeoutMs: settings.httpConnectTimeoutMs,
      egressPolicy,
    }),
    nats:
      settings.nats === undefined
        ? unconfiguredNatsTransport()
        : natsTransport({ settings: settings.nats, log }),
  };
}
