import { matchCallback } from '@timer-platform/callback-types';
import type { CallbackCheck } from './api/api-context.ts';
import { egressDenialReason, type EgressPolicy } from './transports/egress/egress-policy.ts';

export interface DeliveryLimits {
  readonly egressPolicy: EgressPolicy;
  readonly isNatsConfigured: boolean;
  /** The limit of the NATS server, in bytes; undefined: not known yet. */
  readonly natsMaxPayload: () => number | undefined;
}

const NATS_NOT_CONFIGURED = 'NATS is not configured in this service: set NATS_URL or NATS_HOST';

/** Refuses callbacks that this service could never deliver. */
export function callbackCheck({
  egressPolicy,
  isNatsConfigured,
  natsMaxPayload,
}: DeliveryLimits): CallbackCheck {
  return (callback, payloadBytes) =>
    matchCallback(callback, {
      http: ({ url }) => egressDenialReason(url, egressPolicy),
      nats: () => {
        if (!isNatsConfigured) return NATS_NOT_CONFIGURED;
        const limit = natsMaxPayload() ?? Number.POSITIVE_INFINITY;
        return payloadBytes() > limit
          ? `the payload is larger than the NATS server accepts: ${limit} bytes (its setting max_payload)`
          : undefined;
      },
    });
}
