import type { CallbackType } from '@timer-platform/callback-types';
import type { Clock } from '../clock.ts';
import type { EgressPolicy } from './egress/egress-policy.ts';
import { httpTransport } from './http/http-transport.ts';
import { natsTransport, unconfiguredNatsTransport } from './nats/nats-transport.ts';
import type { TransportLog } from './transport-log.ts';
import { egressPolicy, type TransportSettings } from './transport-settings.ts';
import type { Transports } from './transport.ts';
import { deliveryUserAgent } from './http/user-agent.ts';

export interface TransportContext {
  readonly clock: Clock;
  readonly log: TransportLog;
  /** Where HTTP callbacks may go; by default what the settings open, and not this machine. */
  readonly destinations?: EgressPolicy;
}

/** One transport for every callback type. Connects to NATS in the background; close each when done. */
export function createTransports(
  settings: TransportSettings,
  { clock, destinations = egressPolicy(settings, false), log }: TransportContext,
): Transports {
  return {
    http: httpTransport({
      clock,
      userAgent: deliveryUserAgent(),
      signingSecrets: settings.signingSecrets,
      connectTimeoutMs: settings.httpConnectTimeoutMs,
      destinations,
    }),
    nats:
      settings.nats === undefined
        ? unconfiguredNatsTransport()
        : natsTransport({ settings: settings.nats, log }),
  };
}

/** Closes every transport: attempts under way end as retryable. Idempotent. */
export async function closeTransports(transports: Transports): Promise<void> {
  await Promise.all(Object.values(transports).map((transport: Transports[CallbackType]) => transport.close()));
}
