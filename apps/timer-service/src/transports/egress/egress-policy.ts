import {
  type AddressClass,
  classOf,
  type IpAddress,
  isInRange,
  parseAddress,
  translatedAddress,
} from './address-class.ts';
import { type AllowedDestination, comparableHost } from './allowed-endpoint.ts';

/** Where HTTP callbacks may go: to public addresses, and to what is named here. */
export interface EgressPolicy {
  /** Open although not public. Metadata services stay closed whatever this says. */
  readonly allowed: readonly AllowedDestination[];
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

function namesHost(allowed: AllowedDestination, host: string): boolean {
  return allowed.kind === 'host' && allowed.host === comparableHost(host);
}

function holdsAddress(allowed: AllowedDestination, address: IpAddress): boolean {
  return allowed.kind === 'addresses' && isInRange(address, allowed.range);
}

function isAddressOpen(policy: EgressPolicy, { host, port }: Endpoint, address: IpAddress): boolean {
  const kind = classOf(address);
  if (kind === 'metadata') return false;
  if (kind === 'public' || (kind === 'loopback' && policy.allowLoopback)) return true;
  const open = policy.allowed.some(
    (allowed) =>
      (allowed.port === undefined || allowed.port === port) &&
      (namesHost(allowed, host) || holdsAddress(allowed, address)),
  );
  // To open the NAT64 prefix opens the way to the public addresses behind it, not to the private ones.
  const behind = translatedAddress(address);
  return open && (behind === undefined || isAddressOpen(policy, { host, port }, behind));
}

function isPortOpen(policy: EgressPolicy, { host, port }: Endpoint, address?: IpAddress): boolean {
  return (
    !policy.deniedPorts.has(port) ||
    policy.allowed.some(
      (allowed) =>
        allowed.port === port &&
        (namesHost(allowed, host) || (address !== undefined && holdsAddress(allowed, address))),
    )
  );
}

/**
 * Whether a connection to this very address may be opened.
 *
 * @param host as the URL has it
 * @param addressText what the host was resolved to, or the host itself
 */
export function mayConnect(policy: EgressPolicy, destination: Endpoint, addressText: string): boolean {
  const address = parseAddress(addressText);
  return (
    address !== undefined &&
    isAddressOpen(policy, destination, address) &&
    isPortOpen(policy, destination, address)
  );
}

const WORDS: Readonly<Record<Exclude<AddressClass, 'public'>, string>> = {
  loopback: 'a loopback address',
  metadata: 'a metadata service of a cloud',
  translated: 'an address behind NAT64',
  internal: 'an address that is not public',
};

function refusedAddress(kind: Exclude<AddressClass, 'public'>): string {
  return kind === 'metadata'
    ? `must not lead to ${WORDS.metadata}: that is never open to callbacks`
    : `must not lead to ${WORDS[kind]}; the operator can open it with ALLOWED_DESTINATIONS`;
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
export function egressRefusal(text: string, policy: EgressPolicy): string | undefined {
  // The parser of the URL standard has turned decimal, octal, hex and full-width spellings into four decimal parts.
  const url = new URL(text);
  const destination = { host: url.hostname, port: portOf(url) };
  const address = parseAddress(url.hostname);
  if (address !== undefined && !isAddressOpen(policy, destination, address)) {
    const kind = classOf(address);
    return refusedAddress(kind === 'public' ? 'internal' : kind);
  }
  if (address === undefined) {
    const host = comparableHost(url.hostname);
    const isOpen = policy.allowed.some(
      (allowed) =>
        namesHost(allowed, host) && (allowed.port === undefined || allowed.port === destination.port),
    );
    if (METADATA_NAMES.has(host) && !isOpen) return refusedAddress('metadata');
    if (LOOPBACK_NAMES.test(host) && !isOpen && !opensLoopback(policy, destination.port))
      return refusedAddress('loopback');
  }
  return isPortOpen(policy, destination, address)
    ? undefined
    : `must not use port ${destination.port}, one of DENIED_PORTS; the operator can open it with ALLOWED_DESTINATIONS=host:port`;
}

/** Whether anything of this machine is open: then its names cannot be refused before they are resolved. */
function opensLoopback(policy: EgressPolicy, port: number): boolean {
  return ['127.0.0.1', '::1'].some((host) => {
    const address = parseAddress(host);
    return address !== undefined && isAddressOpen(policy, { host, port }, address);
  });
}
