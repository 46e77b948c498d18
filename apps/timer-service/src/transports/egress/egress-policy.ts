import {
  type AddressClass,
  classOf,
  type IpAddress,
  isInRange,
  parseAddress,
  translatedAddress,
} from './address-class.ts';
import { type AllowedEndpoint, comparableHost } from './allowed-endpoint.ts';

/** Where HTTP callbacks may go: to public addresses, and to what is named here. */
export interface EgressPolicy {
  /** Open although not public. Metadata services stay closed whatever this says. */
  readonly allowed: readonly AllowedEndpoint[];
  /** Closed everywhere, unless `allowed` names host and port. */
  readonly deniedPorts: ReadonlySet<number>;
  /** Whether callbacks may come to this machine: in development they have nowhere else to go. */
  readonly allowLoopback: boolean;
}

/** A destination as a connection sees it. */
interface Endpoint {
  /** As the URL has it: a name, or an address with or without brackets. */
  readonly host: string;
  readonly port: number;
}

const LOOPBACK_NAMES = /^(?:.+\.)?localhost(?:\.localdomain)?$|^ip6-(?:localhost|loopback)$/;
const METADATA_NAMES = new Set([
  'metadata.google.internal',
  'metadata',
  'instance-data',
  'metadata.tencentyun.com',
]);

function matchesHost(allowed: AllowedEndpoint, host: string): boolean {
  return allowed.kind === 'host' && allowed.host === comparableHost(host);
}

function matchesAddress(allowed: AllowedEndpoint, address: IpAddress): boolean {
  return allowed.kind === 'addresses' && isInRange(address, allowed.range);
}

function isAddressAllowed(policy: EgressPolicy, { host, port }: Endpoint, address: IpAddress): boolean {
  const kind = classOf(address);
  if (kind === 'metadata') return false;
  if (kind === 'public' || (kind === 'loopback' && policy.allowLoopback)) return true;
  const open = policy.allowed.some(
    (allowed) =>
      (allowed.port === undefined || allowed.port === port) &&
      (matchesHost(allowed, host) || matchesAddress(allowed, address)),
  );
  // To open the NAT64 prefix opens the way to the public addresses behind it, not to the private ones.
  const behind = translatedAddress(address);
  return open && (behind === undefined || isAddressAllowed(policy, { host, port }, behind));
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
 * Whether a connection to this very address may be opened.
 *
 * @param host as the URL has it
 * @param addressText what the host was resolved to, or the host itself
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
  metadata: 'a metadata service of a cloud',
  translated: 'an address behind NAT64',
  internal: 'an address that is not public',
};

function addressDenialReason(kind: Exclude<AddressClass, 'public'>): string {
  return kind === 'metadata'
    ? `must not lead to ${DESCRIPTIONS.metadata}: that is never open to callbacks`
    : `must not lead to ${DESCRIPTIONS[kind]}; the operator can open it with ALLOWED_DESTINATIONS`;
}

/** The port of a URL, also when it is the default one. */
export function portOf(url: { readonly protocol: string; readonly port: string }): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}

/**
 * What of a URL alone tells that callbacks may not go there: an address, in whatever spelling, a name that means this
 * machine, a denied port. What a name resolves to is found out when the connection is made, not here.
 *
 * @param text an absolute http or https URL
 * @returns for the client to read; undefined when nothing speaks against it
 */
export function egressDenialReason(text: string, policy: EgressPolicy): string | undefined {
  // The parser of the URL standard has turned decimal, octal, hex and full-width spellings into four decimal parts.
  const url = new URL(text);
  const destination = { host: url.hostname, port: portOf(url) };
  const address = parseAddress(url.hostname);
  if (address !== undefined && !isAddressAllowed(policy, destination, address)) {
    const kind = classOf(address);
    return addressDenialReason(kind === 'public' ? 'internal' : kind);
  }
  if (address === undefined) {
    const host = comparableHost(url.hostname);
    const isOpen = policy.allowed.some(
      (allowed) =>
        matchesHost(allowed, host) && (allowed.port === undefined || allowed.port === destination.port),
    );
    if (METADATA_NAMES.has(host) && !isOpen) return addressDenialReason('metadata');
    if (LOOPBACK_NAMES.test(host) && !isOpen && !allowsLoopback(policy, destination.port))
      return addressDenialReason('loopback');
  }
  return isPortAllowed(policy, destination, address)
    ? undefined
    : `must not use port ${destination.port}, one of DENIED_PORTS; the operator can open it with ALLOWED_DESTINATIONS=host:port`;
}

/** Whether anything of this machine is open: then its names cannot be refused before they are resolved. */
function allowsLoopback(policy: EgressPolicy, port: number): boolean {
  return ['127.0.0.1', '::1'].some((host) => {
    const address = parseAddress(host);
    return address !== undefined && isAddressAllowed(policy, { host, port }, address);
  });
}
