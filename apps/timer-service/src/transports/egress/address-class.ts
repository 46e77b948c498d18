import ipaddr from 'ipaddr.js';

/**
 * What an IP address is to a callback.
 *
 * public: reachable from everywhere. loopback: this machine. metadata: a cloud's credential and metadata service.
 * translated: carries an IPv4 address behind a NAT64 prefix. internal: everything else, whatever its purpose.
 */
export type AddressClass = 'public' | 'loopback' | 'metadata' | 'translated' | 'internal';

export type IpAddress = ipaddr.IPv4 | ipaddr.IPv6;

/** Credential and metadata services of the clouds. Some are in ranges that an operator may open for other reasons. */
const METADATA = [
  '169.254.169.254/32', // AWS, Google, Azure, Oracle, DigitalOcean, Hetzner, OpenStack
  '169.254.169.253/32', // AWS resolver
  '169.254.170.2/32', // AWS ECS task credentials
  '169.254.170.23/32', // AWS EKS pod identity
  '169.254.0.23/32', // Tencent
  '169.254.42.42/32', // Scaleway
  '100.100.100.200/32', // Alibaba
  '168.63.129.16/32', // Azure WireServer
  '192.0.0.192/32', // Oracle Cloud Classic
  'fd00:ec2::/32', // AWS, over IPv6: metadata, resolver, pod identity
  'fd20:ce::254/128', // Google, over IPv6
  'fd00:42::42/128', // Scaleway, over IPv6
  'fe80::a9fe:a9fe/128', // OpenStack, over IPv6
].map((range) => ipaddr.parseCIDR(range));

/** Global unicast: all that IANA has given out of IPv6 for use on the internet. */
const IPV6_GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3');

/** The well-known prefix of RFC 6052. The local ones, 64:ff9b:1::/48 (RFC 8215) and others, cannot be looked through. */
const NAT64 = ipaddr.parseCIDR('64:ff9b::/96');

/**
 * Reads an address, in the form in which it is compared: an IPv4 address in IPv6 clothes (`::ffff:127.0.0.1`) is the
 * IPv4 address that the kernel connects to.
 *
 * @returns undefined for what is not an address
 */
export function parseAddress(text: string): IpAddress | undefined {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  if (ipaddr.IPv4.isValidFourPartDecimal(bare)) return ipaddr.parse(bare);
  if (!bare.includes(':') || !URL.canParse(`http://[${bare}]/`)) return undefined;
  // By way of the parser of the URL standard: ipaddr.js reads ::127.0.0.1 as ::ffff:127.0.0.1, which is another address.
  return ipaddr.process(new URL(`http://[${bare}]/`).hostname.slice(1, -1));
}

export function isInRange(address: IpAddress, range: readonly [IpAddress, number]): boolean {
  if (address.kind() !== range[0].kind()) return false;
  return address.match(range[0], range[1]);
}

/** The IPv4 address within an address of the well-known NAT64 prefix, `64:ff9b::/96` (RFC 6052). */
export function translatedAddress(address: IpAddress): IpAddress | undefined {
  if (!isInRange(address, NAT64)) return undefined;
  return ipaddr.fromByteArray(address.toByteArray().slice(12));
}

/** What an address is to a callback. What no list knows is internal, never public. */
export function classOf(address: IpAddress): AddressClass {
  if (METADATA.some((range) => isInRange(address, range))) return 'metadata';
  const translated = translatedAddress(address);
  if (translated !== undefined) return classOf(translated) === 'metadata' ? 'metadata' : 'translated';
  const range = address.range();
  if (range === 'loopback') return 'loopback';
  if (range !== 'unicast') return 'internal';
  // ipaddr.js calls unicast whatever is in no special range, also what was never assigned, and ::127.0.0.1.
  return address.kind() === 'ipv6' && !isInRange(address, IPV6_GLOBAL_UNICAST) ? 'internal' : 'public';
}
