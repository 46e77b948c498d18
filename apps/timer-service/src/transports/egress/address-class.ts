import { canParseUrl } from '@timer-platform/callback-types';
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
const METADATA: readonly string[] = [
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
];

/** The well-known prefix of RFC 6052. Local prefixes, such as 64:ff9b:1::/48 (RFC 8215), count as internal. */
const NAT64 = '64:ff9b::/96';
const NAT64_RANGE = ipaddr.parseCIDR(NAT64);

const LOOPBACK: readonly string[] = ['127.0.0.0/8', '::1/128'];

/**
 * The special-purpose ranges of IANA, and those that ipaddr.js adds. A test finds ranges that a later ipaddr.js knows.
 */
const INTERNAL: readonly string[] = [
  '0.0.0.0/8', // this network
  '10.0.0.0/8', // private
  '100.64.0.0/10', // carrier-grade NAT
  '169.254.0.0/16', // link-local
  '172.16.0.0/12', // private
  '192.0.0.0/24', // protocol assignments
  '192.0.2.0/24', // documentation
  '192.31.196.0/24', // AS112
  '192.52.193.0/24', // AMT
  '192.88.99.0/24', // 6to4 relays
  '192.168.0.0/16', // private
  '192.175.48.0/24', // AS112
  '198.18.0.0/15', // benchmarks
  '198.51.100.0/24', // documentation
  '203.0.113.0/24', // documentation
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, with the broadcast address
  '2001::/23', // protocol assignments: Teredo, benchmarks, AMT, AS112, ORCHID
  '2001:db8::/32', // documentation
  '2002::/16', // 6to4
  '2620:4f:8000::/48', // AS112
  '3fff::/20', // documentation
];

/** 2000::/3 is the only IPv6 range that IANA has assigned for use on the internet. */
const PUBLIC: readonly string[] = ['0.0.0.0/0', '2000::/3'];

/** Ranges in the order in which they are searched: the first one that contains an address decides its class. */
export const ADDRESS_RANGES: readonly (readonly [range: string, addressClass: AddressClass])[] = [
  ...METADATA.map((range) => [range, 'metadata'] as const),
  [NAT64, 'translated'],
  ...LOOPBACK.map((range) => [range, 'loopback'] as const),
  ...INTERNAL.map((range) => [range, 'internal'] as const),
  ...PUBLIC.map((range) => [range, 'public'] as const),
  ['::/0', 'internal'],
];

const PARSED_RANGES = ADDRESS_RANGES.map(
  ([range, addressClass]) => [ipaddr.parseCIDR(range), addressClass] as const,
);

/**
 * Parses an IP address, with or without brackets. An IPv4-mapped IPv6 address (`::ffff:127.0.0.1`) becomes the IPv4
 * address that the kernel connects to.
 *
 * @returns undefined if the text is not an address
 */
export function parseAddress(text: string): IpAddress | undefined {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  if (ipaddr.IPv4.isValidFourPartDecimal(bare)) return ipaddr.parse(bare);
  if (!bare.includes(':') || !canParseUrl(`http://[${bare}]/`)) return undefined;
  // Normalized by the URL parser: ipaddr.js would read ::127.0.0.1 as ::ffff:127.0.0.1, a different address.
  return ipaddr.process(new URL(`http://[${bare}]/`).hostname.slice(1, -1));
}

export function isInRange(address: IpAddress, range: readonly [IpAddress, number]): boolean {
  if (address.kind() !== range[0].kind()) return false;
  return address.match(range[0], range[1]);
}

/** The IPv4 address embedded in an address of the NAT64 prefix `64:ff9b::/96` (RFC 6052). */
export function translatedAddress(address: IpAddress): IpAddress | undefined {
  if (!isInRange(address, NAT64_RANGE)) return undefined;
  return ipaddr.fromByteArray(address.toByteArray().slice(12));
}

/** Classifies an address. An address in no known range is internal, never public. */
export function classOf(address: IpAddress): AddressClass {
  const [, found] = PARSED_RANGES.find(([range]) => isInRange(address, range)) ?? [];
  if (found !== 'translated') return found ?? 'internal';
  const translated = translatedAddress(address);
  return translated !== undefined && classOf(translated) === 'metadata' ? 'metadata' : 'translated';
}
