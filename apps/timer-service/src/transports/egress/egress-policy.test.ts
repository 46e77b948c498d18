import { describe, expect, test } from '@jest/globals';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { classOf, parseAddress } from './address-class.ts';
import { parseAllowedEndpoint } from './allowed-endpoint.ts';
import { DEFAULT_DENIED_PORTS } from './denied-ports.ts';
import { egressDenialReason, type EgressPolicy, mayConnect } from './egress-policy.ts';

function policy(allowed: readonly string[] = [], change: Partial<EgressPolicy> = {}): EgressPolicy {
  return {
    allowed: allowed.map((text) => {
      const parsed = parseAllowedEndpoint(text);
      if (parsed === undefined) throw new Error(`cannot parse ${text}`);
      return parsed;
    }),
    deniedPorts: new Set(DEFAULT_DENIED_PORTS),
    allowLoopback: false,
    ...change,
  };
}

describe('classOf', () => {
  test.each([
    ['8.8.8.8', 'public'],
    ['172.15.255.255', 'public'],
    ['172.32.0.0', 'public'],
    ['2606:4700:4700::1111', 'public'],
    ['::ffff:8.8.8.8', 'public'],
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['::1', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['0.0.0.0', 'internal'],
    ['0.1.2.3', 'internal'],
    ['10.0.0.1', 'internal'],
    ['100.64.0.1', 'internal'],
    ['169.254.1.1', 'internal'],
    ['172.16.0.1', 'internal'],
    ['172.31.255.255', 'internal'],
    ['192.0.0.1', 'internal'],
    ['192.168.1.1', 'internal'],
    ['198.18.0.1', 'internal'],
    ['203.0.113.1', 'internal'],
    ['224.0.0.1', 'internal'],
    ['240.0.0.1', 'internal'],
    ['255.255.255.255', 'internal'],
    ['::', 'internal'],
    ['::127.0.0.1', 'internal'],
    ['::ffff:0:127.0.0.1', 'internal'],
    ['64:ff9b:1::a00:1', 'internal'],
    ['100::1', 'internal'],
    ['2001::1', 'internal'],
    ['2001:db8::1', 'internal'],
    ['2002:7f00:1::', 'internal'],
    ['3fff::1', 'internal'],
    ['4000::1', 'internal'],
    ['fc00::1', 'internal'],
    ['fe80::1', 'internal'],
    ['fec0::1', 'internal'],
    ['ff02::1', 'internal'],
    ['64:ff9b::8.8.8.8', 'translated'],
    ['64:ff9b::10.0.0.1', 'translated'],
    ['169.254.169.254', 'metadata'],
    ['169.254.170.2', 'metadata'],
    ['100.100.100.200', 'metadata'],
    ['168.63.129.16', 'metadata'],
    ['fd00:ec2::254', 'metadata'],
    ['::ffff:169.254.169.254', 'metadata'],
    ['64:ff9b::169.254.169.254', 'metadata'],
  ])('%s is %s', (text, expected) => {
    const address = parseAddress(text);
    expect(address && classOf(address)).toBe(expected);
  });

  test.each([
    '',
    'example.com',
    '127.1',
    '2130706433',
    '0x7f.0.0.1',
    '0177.0.0.1',
    '1.2.3.4.5',
    '[::1',
    '::g',
  ])('%j is not an address', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });
});

describe('the address ranges', () => {
  /** The first and the last address of each special range that ipaddr.js knows. */
  function specialAddresses(kind: typeof ipaddr.IPv4 | typeof ipaddr.IPv6): string[] {
    // Not in its types.
    const ranges = z.record(z.string(), z.unknown()).parse(Reflect.get(kind.prototype, 'SpecialRanges'));
    const cidrs = Object.values(ranges).flatMap((entry) => String(entry).match(/[0-9a-f.:]+,\d+/g) ?? []);
    return cidrs.flatMap((cidr) => {
      const range = cidr.replace(',', '/');
      return [kind.networkAddressFromCIDR(range), kind.broadcastAddressFromCIDR(range)].map(String);
    });
  }

  test.each([
    ['IPv4', ipaddr.IPv4, 30],
    ['IPv6', ipaddr.IPv6, 40],
  ] as const)('contain every special range of %s that ipaddr.js knows', (_, kind, count) => {
    const addresses = specialAddresses(kind);
    expect(addresses.length).toBeGreaterThan(count);
    const open = addresses.filter((text) => {
      const address = parseAddress(text);
      return address === undefined || classOf(address) === 'public';
    });
    expect(open).toEqual([]);
  });
});

describe('egressDenialReason', () => {
  test.each([
    'http://example.com/',
    'https://example.com:8443/x',
    'http://8.8.8.8/',
    'http://[2606:4700:4700::1111]/',
    'http://localhost.example.com/',
    'http://notlocalhost/',
    'http://redis.internal:8080/',
  ])('allows %s', (url) => {
    expect(egressDenialReason(url, policy())).toBeUndefined();
  });

  test('names the setting that allows the endpoint', () => {
    expect(egressDenialReason('http://10.0.0.1/', policy())).toBe(
      'must not point to an address that is not public; the operator can allow it with ALLOWED_DESTINATIONS',
    );
    expect(egressDenialReason('http://localhost/', policy())).toContain('a loopback address');
    expect(egressDenialReason('http://example.com:6379/', policy())).toBe(
      'must not use port 6379, one of DENIED_PORTS; the operator can allow it with ALLOWED_DESTINATIONS=host:port',
    );
    expect(egressDenialReason('http://169.254.169.254/', policy(['169.254.0.0/16']))).toContain(
      'never allowed',
    );
  });

  test('allows only loopback addresses in addition in development mode', () => {
    const development = policy([], { allowLoopback: true });
    for (const url of [
      'http://localhost:3000/',
      'http://127.0.0.1:3000/',
      'http://[::1]/',
      'http://a.localhost/',
    ])
      expect(egressDenialReason(url, development)).toBeUndefined();
    for (const url of [
      'http://0.0.0.0/',
      'http://10.0.0.1/',
      'http://127.0.0.1:6379/',
      'http://169.254.169.254/',
    ])
      expect(egressDenialReason(url, development)).toBeDefined();
  });
});

describe('ALLOWED_DESTINATIONS', () => {
  test.each([
    ['10.1.0.0/16', '10.1.2.3', 'any.example', 80, true],
    ['10.1.0.0/16', '10.2.0.1', 'any.example', 80, false],
    ['10.1.0.0/16', '::ffff:10.1.2.3', 'any.example', 80, true],
    ['10.1.2.3', '10.1.2.3', 'any.example', 8080, true],
    ['10.1.2.3', '10.1.2.4', 'any.example', 8080, false],
    ['10.1.2.3:8080', '10.1.2.3', 'any.example', 8080, true],
    ['10.1.2.3:8080', '10.1.2.3', 'any.example', 80, false],
    ['[fd00::1]:8080', 'fd00::1', 'any.example', 8080, true],
    ['fd00::1', 'fd00::1', 'any.example', 80, true],
    ['fd00::/8', 'fdff::1', 'any.example', 80, true],
    ['fd00::/8', 'fe80::1', 'any.example', 80, false],
    ['hooks.internal', '10.9.9.9', 'hooks.internal', 80, true],
    ['hooks.internal', '10.9.9.9', 'HOOKS.internal.', 80, true],
    ['Hooks.Internal.', '10.9.9.9', 'hooks.internal', 80, true],
    ['hooks.internal', '10.9.9.9', 'x.hooks.internal', 80, false],
    ['hooks.internal', '10.9.9.9', 'hooks.internal.evil.example', 80, false],
    ['hooks.internal:8080', '10.9.9.9', 'hooks.internal', 8080, true],
    ['hooks.internal:8080', '10.9.9.9', 'hooks.internal', 80, false],
    // Only an item with that port allows a denied port.
    ['10.1.0.0/16', '10.1.2.3', 'any.example', 6379, false],
    ['hooks.internal', '10.9.9.9', 'hooks.internal', 6379, false],
    ['hooks.internal:6379', '10.9.9.9', 'hooks.internal', 6379, true],
    ['10.1.2.3:6379', '10.1.2.3', 'any.example', 6379, true],
    ['hooks.example:25', '8.8.8.8', 'hooks.example', 25, true],
    ['hooks.example:25', '8.8.8.8', 'other.example', 25, false],
    // Metadata services stay denied.
    ['0.0.0.0/0', '169.254.169.254', 'any.example', 80, false],
    ['169.254.169.254', '169.254.169.254', 'any.example', 80, false],
    ['169.254.169.254:80', '169.254.169.254', 'any.example', 80, false],
    ['metadata.internal', '169.254.169.254', 'metadata.internal', 80, false],
    ['::/0', 'fd00:ec2::254', 'any.example', 80, false],
    ['::/0', '::ffff:169.254.169.254', 'any.example', 80, false],
    ['64:ff9b::/96', '64:ff9b::169.254.169.254', 'any.example', 80, false],
    // The NAT64 prefix allows only public addresses behind it.
    ['64:ff9b::/96', '64:ff9b::8.8.8.8', 'any.example', 80, true],
    ['64:ff9b::/96', '64:ff9b::10.0.0.1', 'any.example', 80, false],
    ['::/0', '10.0.0.1', 'any.example', 80, false],
    ['0.0.0.0/0', 'fd00::1', 'any.example', 80, false],
  ])('=%s, connection to %s (%s:%i): allowed is %s', (item, address, host, port, expected) => {
    expect(mayConnect(policy([item]), { host, port }, address)).toBe(expected);
  });

  test.each([
    '',
    '*',
    '*.internal',
    'http://a',
    'a/b',
    'user@a',
    'a:0',
    'a:99999',
    'a:b',
    '10.1/16',
    '10.0.0.0/33',
    'a b',
    'fd00::/129',
    '[fd00::1',
    '?',
    'a#b',
    '10.0.0.0/8:80',
  ])('rejects the item %j', (text) => {
    expect(parseAllowedEndpoint(text)).toBeUndefined();
  });
});
