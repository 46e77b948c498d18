import ipaddr from 'ipaddr.js';
import type { z } from 'zod';

/** Names of ranges that Fastify accepts. */
const RANGES = new Set(['loopback', 'linklocal', 'uniquelocal']);

function isProxy(item: string): boolean {
  const [address = '', prefix, ...rest] = item.split('/');
  if (RANGES.has(item)) return true;
  if (rest.length > 0) return false;
  const isAddress = ipaddr.IPv4.isValidFourPartDecimal(address) || ipaddr.IPv6.isValid(address);
  if (prefix === undefined || !isAddress) return isAddress;
  const bits = ipaddr.parse(address).kind() === 'ipv4' ? 32 : 128;
  // Prefix 0 would trust every client.
  return /^\d{1,3}$/.test(prefix) && Number(prefix) >= 1 && Number(prefix) <= bits;
}

/** Adds an issue for each item of TRUSTED_PROXIES that is not an address, a CIDR or the name of a range. */
export function checkProxies(items: readonly string[], context: z.RefinementCtx): void {
  for (const item of items)
    if (!isProxy(item))
      context.addIssue({
        code: 'custom',
        message: `has the item ${item}, which is not an address, a CIDR, loopback, linklocal or uniquelocal`,
      });
}
