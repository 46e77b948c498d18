import { canParseUrl } from '@timer-platform/callback-types';
import ipaddr from 'ipaddr.js';
import { type IpAddress, parseAddress } from './address-class.ts';

/** One item of ALLOWED_DESTINATIONS: a host name or an address range. `port` undefined: every port that is not denied. */
export type AllowedEndpoint =
  | { readonly kind: 'host'; readonly host: string; readonly port: number | undefined }
  | {
      readonly kind: 'addresses';
      readonly range: readonly [IpAddress, number];
      readonly port: number | undefined;
    };

/** Normalizes a host name for comparison: lower case, no trailing dot. */
export function normalizeHost(host: string): string {
  return host.toLowerCase().replace(/\.$/, '');
}

function parseRange(text: string): readonly [IpAddress, number] | undefined {
  const match = /^\[?([^\]/]+)\]?\/(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  const [, address = '', bits = ''] = match;
  if (!ipaddr.isValidCIDR(`${address}/${bits}`)) return undefined;
  // ipaddr.js would read 10.1/16 as 10.0.0.1/16.
  if (!address.includes(':') && !ipaddr.IPv4.isValidFourPartDecimal(address)) return undefined;
  return ipaddr.parseCIDR(`${address}/${bits}`);
}

/** Splits off a port at the end. Not left to the URL parser, which drops the default port of http. */
function splitPort(text: string): { readonly host: string; readonly port: number | undefined } | undefined {
  const match = /^(\[[^\]]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(text);
  if (match === null) return undefined;
  const [, host = '', digits] = match;
  const port = digits === undefined ? undefined : Number(digits);
  return port !== undefined && (port < 1 || port > 65_535) ? undefined : { host, port };
}

/**
 * Parses an item of ALLOWED_DESTINATIONS: `10.1.0.0/16`, `fd00::/8`, `10.1.2.3`, `[fd00::1]:8080`, `hooks.internal`,
 * `hooks.internal:8080`.
 *
 * @returns undefined for anything else
 */
export function parseAllowedEndpoint(text: string): AllowedEndpoint | undefined {
  const range = parseRange(text);
  if (range !== undefined) return { kind: 'addresses', range, port: undefined };
  const bare = parseAddress(text);
  if (bare !== undefined) return { kind: 'addresses', range: [bare, prefixLength(bare)], port: undefined };
  const split = splitPort(text);
  if (split === undefined || !canParseUrl(`http://${split.host}/`)) return undefined;
  const url = new URL(`http://${split.host}/`);
  const host = normalizeHost(url.hostname);
  if (url.host !== url.hostname || url.pathname !== '/' || /[*@?#/\\\s]/.test(split.host) || host === '')
    return undefined;
  const address = parseAddress(host);
  return address === undefined
    ? { kind: 'host', host, port: split.port }
    : { kind: 'addresses', range: [address, prefixLength(address)], port: split.port };
}

function prefixLength(address: IpAddress): number {
  return address.kind() === 'ipv4' ? 32 : 128;
}
