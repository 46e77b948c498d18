import ipaddr from 'ipaddr.js';

/**
 * How the egress policy treats an IP address.
 *
 * public: on the internet. loopback: this machine. metadata: a cloud's credential or metadata service. translated: an
 * IPv4 address behind the NAT64 prefix. internal: every other address.
 */
export type AddressClass = 'public' | 'loopback' | 'metadata' | 'translated' | 'internal';

export type IpAddress = ipaddr.IPv4 | ipaddr.IPv6;

/** Listed one by one because an operator may allow the ranges around them. */
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

/** Global unicast: the only IPv6 range that IANA has assigned for use on the internet. */
const IPV6_GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3');

/** The well-known prefix of RFC 6052. Local prefixes, such as 64:ff9b:1::/48 (RFC 8215), count as internal. */
const NAT64 = ipaddr.parseCIDR('64:ff9b::/96');

/**
 * Parses an IP address, with or without brackets. An IPv4-mapped IPv6 address (`::ffff:127.0.0.1`) becomes the IPv4
 * address that the kernel connects to.
 *
 * @returns undefined if the text is not an address
 */
export function parseAddress(text: string): IpAddress | undefined {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  if (ipaddr.IPv4.isValidFourPartDecimal(bare)) return ipaddr.parse(bare);
  if (!bare.includes(':') || !URL.canParse(`http://[${bare}]/`)) return undefined;
  // Normalized by the URL parser: ipaddr.js would read ::127.0.0.1 as ::ffff:127.0.0.1, a different address.
  return ipaddr.process(new URL(`http://[${bare}]/`).hostname.slice(1, -1));
}

export function isInRange(address: IpAddress, range: readonly [IpAddress, number]): boolean {
  if (address.kind() !== range[0].kind()) return false;
  return address.match(range[0], range[1]);
}

/** The IPv4 address embedded in an address of the NAT64 prefix `64:ff9b::/96` (RFC 6052). */
export function translatedAddress(address: IpAddress): IpAddress | undefined {
  if (!isInRange(address, NAT64)) return undefined;
  return ipaddr.fromByteArray(address.toByteArray().slice(12));
}

/** Classifies an address. An address in no known range is internal, never public. */
export function classOf(address: IpAddress): AddressClass {
  if (METADATA.some((range) => isInRange(address, range))) return 'metadata';
  const translated = translatedAddress(address);
  if (translated !== undefined) return classOf(translated) === 'metadata' ? 'metadata' : 'translated';
  const range = address.range();
  if (range === 'loopback') return 'loopback';
  if (range !== 'unicast') return 'internal';
  // ipaddr.js reports unicast for every address in no special range, even unassigned ones and ::127.0.0.1.
  return address.kind() === 'ipv6' && !isInRange(address, IPV6_GLOBAL_UNICAST) ? 'internal' : 'public';
}
