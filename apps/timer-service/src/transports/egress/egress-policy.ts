import {
  type AddressClass,
  classOf,
  type IpAddress,
  isInRange,
  parseAddress,
  translatedAddress,
} from './address-class.ts';
import { type AllowedEndpoint, normalizeHost } from './allowed-endpoint.ts';

/** Which endpoints HTTP callbacks may reach: public addresses, and what this allows in addition. */
export interface EgressPolicy {
  /** Allowed although not public. Never allows metadata services. */
  readonly allowed: readonly AllowedEndpoint[];
  /** Denied on every host, unless `allowed` names host and port. */
  readonly deniedPorts: ReadonlySet<number>;
  /** Whether callbacks may reach this machine; for development mode. */
  readonly allowLoopback: boolean;
}

interface Endpoint {
  /** As in the URL: a name, or an address with or without brackets. */
  readonly host: string;
  readonly port: number;
}

export const LOOPBACK_NAMES = /^(?:.+\.)?localhost(?:\.localdomain)?$|^ip6-(?:localhost|loopback)$/;
export const METADATA_NAMES: ReadonlySet<string> = new Set([
  'metadata.google.internal',
  'metadata',
  'instance-data',
  'metadata.tencentyun.com',
]);

function matchesHost(allowed: AllowedEndpoint, host: string): boolean {
  return allowed.kind === 'host' && allowed.host === normalizeHost(host);
}

function matchesAddress(allowed: AllowedEndpoint, address: IpAddress): boolean {
  return allowed.kind === 'addresses' && isInRange(address, allowed.range);
}

function isAddressAllowed(policy: EgressPolicy, { host, port }: Endpoint, address: IpAddress): boolean {
  const addressClass = classOf(address);
  if (addressClass === 'metadata') return false;
  if (addressClass === 'public' || (addressClass === 'loopback' && policy.allowLoopback)) return true;
  const isAllowed = policy.allowed.some(
    (allowed) =>
      (allowed.port === undefined || allowed.port === port) &&
      (matchesHost(allowed, host) || matchesAddress(allowed, address)),
  );
  // Allowing the NAT64 prefix allows the public addresses behind it, not the private ones.
  const translated = translatedAddress(address);
  return isAllowed && (translated === undefined || isAddressAllowed(policy, { host, port }, translated));
}

function isPortAllowed(policy: EgressPolicy, { host, port }: Endpoint, address?: IpAddress): boolean {
  return (
    !policy.deniedPorts.has(port) ||
    policy.allowed.some(
      (allowed) =>
        allowed.port === port &&
        (matchesHost(allowed, host) || (address !== undefined && matchesAddress(allowed, address))),
    )
  );
}

/**
 * Whether a connection to this exact address is allowed.
 *
 * @param addressText an address that the host resolved to, or the host itself
 */
export function mayConnect(policy: EgressPolicy, endpoint: Endpoint, addressText: string): boolean {
  const address = parseAddress(addressText);
  return (
    address !== undefined &&
    isAddressAllowed(policy, endpoint, address) &&
    isPortAllowed(policy, endpoint, address)
  );
}

const DESCRIPTIONS: Readonly<Record<Exclude<AddressClass, 'public'>, string>> = {
  loopback: 'a loopback address',
  metadata: 'a cloud metadata service',
  translated: 'an address behind NAT64',
  internal: 'an address that is not public',
};

function denialReason(addressClass: Exclude<AddressClass, 'public'>): string {
  return addressClass === 'metadata'
    ? `must not point to ${DESCRIPTIONS.metadata}, which is never allowed`
    : `must not point to ${DESCRIPTIONS[addressClass]}; the operator can allow it with ALLOWED_DESTINATIONS`;
}

function addressDenialReason(
  policy: EgressPolicy,
  endpoint: Endpoint,
  address: IpAddress,
): string | undefined {
  if (isAddressAllowed(policy, endpoint, address)) return undefined;
  const addressClass = classOf(address);
  return denialReason(addressClass === 'public' ? 'internal' : addressClass);
}

function nameDenialReason(policy: EgressPolicy, { host, port }: Endpoint): string | undefined {
  const name = normalizeHost(host);
  const isAllowed = policy.allowed.some(
    (allowed) => matchesHost(allowed, name) && (allowed.port === undefined || allowed.port === port),
  );
  if (isAllowed) return undefined;
  if (METADATA_NAMES.has(name)) return denialReason('metadata');
  return LOOPBACK_NAMES.test(name) && !allowsLoopback(policy, port) ? denialReason('loopback') : undefined;
}

/** Whether any loopback address is allowed: then loopback names can be judged only after they are resolved. */
function allowsLoopback(policy: EgressPolicy, port: number): boolean {
  return ['127.0.0.1', '::1'].some((host) => {
    const address = parseAddress(host);
    return address !== undefined && isAddressAllowed(policy, { host, port }, address);
  });
}

/** The port of a URL, including the default port of its scheme. */
export function portOf(url: { readonly protocol: string; readonly port: string }): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}

/**
 * Why the policy denies a URL, judged by the URL alone: an address in any spelling, a loopback or metadata name, or a
 * denied port. What a name resolves to is checked when the connection is made.
 *
 * @param text an absolute http or https URL
 * @returns a message for the client; undefined if the URL is not denied
 */
export function egressDenialReason(text: string, policy: EgressPolicy): string | undefined {
  // The URL parser normalizes decimal, octal, hex and full-width spellings of IPv4 addresses.
  const url = new URL(text);
  const endpoint = { host: url.hostname, port: portOf(url) };
  const address = parseAddress(url.hostname);
  const hostReason =
    address === undefined
      ? nameDenialReason(policy, endpoint)
      : addressDenialReason(policy, endpoint, address);
  if (hostReason !== undefined) return hostReason;
  return isPortAllowed(policy, endpoint, address)
    ? undefined
    : `must not use port ${endpoint.port}, one of DENIED_PORTS; the operator can allow it with ALLOWED_DESTINATIONS=host:port`;
}
