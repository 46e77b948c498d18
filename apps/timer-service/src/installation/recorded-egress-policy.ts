import type { RecordedEgressPolicy } from '@timer-platform/database';
import { ADDRESS_RANGES } from '../transports/egress/address-class.ts';
import type { AllowedEndpoint } from '../transports/egress/allowed-endpoint.ts';
import { type EgressPolicy, LOOPBACK_NAMES, METADATA_NAMES } from '../transports/egress/egress-policy.ts';

function recordedEndpoint(allowed: AllowedEndpoint): RecordedEgressPolicy['allowed'][number] {
  const { port = null } = allowed;
  if (allowed.kind === 'host') return { host: allowed.host, port };
  const [address, bits] = allowed.range;
  return { range: `${address.toString()}/${bits}`, port };
}

/** What schedule_timer must know to deny the same URLs as {@link egressDenialReason}. */
export function recordedEgressPolicy(policy: EgressPolicy): RecordedEgressPolicy {
  return {
    ranges: ADDRESS_RANGES,
    loopback_names: LOOPBACK_NAMES.source,
    metadata_names: [...METADATA_NAMES],
    allowed: policy.allowed.map(recordedEndpoint),
    denied_ports: [...policy.deniedPorts].sort((a, b) => a - b),
    allow_loopback: policy.allowLoopback,
  };
}
