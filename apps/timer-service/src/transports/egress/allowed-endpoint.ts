import ipaddr from 'ipaddr.js';
import { type IpAddress, parseAddress } from './address-class.ts';

/** One item of ALLOWED_DESTINATIONS: a host by its name, or addresses; at one port, or at every port that is not denied. */
export type AllowedEndpoint =
  | { readonly kind: 'host'; readonly host: string; readonly port: number | undefined }
  | {
      readonly kind: 'addresses';
      readonly range: readonly [IpAddress, number];
      readonly port: number | undefined;
    };

/** A host name as it is compared: lower case, in ASCII, without the dot of the root. */
export function comparableHost(host: string): string {
  return host.toLowerCase().replace(/\.$/, '');
}

function parseRange(text: string): readonly [IpAddress, number] | undefined {
  const match = /^\[?([^\]/]+)\]?\/(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  const [, address = '', bits = ''] = match;
  if (!ipaddr.isValidCIDR(`${address}/${bits}`)) return undefined;
  // Four decimal parts alone: 10.1/16 would be read as 10.0.0.1/16.
  if (!address.includes(':') && !ipaddr.IPv4.isValidFourPartDecimal(address)) return undefined;
  return ipaddr.parseCIDR(`${address}/${bits}`);
}

/** A port at the end, as the parser of the URL standard finds it; the default port of http counts as well. */
function splitPort(text: string): { readonly host: string; readonly port: number | undefined } | undefined {
  const match = /^(\[[^\]]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(text);
  if (match === null) return undefined;
  const [, host = '', digits] = match;
  const port = digits === undefined ? undefined : Number(digits);
  return port !== undefined && (port < 1 || port > 65_535) ? undefined : { host, port };
}

/**
 * Reads an item of ALLOWED_DESTINATIONS: `10.1.0.0/16`, `fd00::/8`, `10.1.2.3`, `[fd00::1]:8080`, `hooks.internal`,
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
  if (split === undefined || !URL.canParse(`http://${split.host}/`)) return undefined;
  const url = new URL(`http://${split.host}/`);
  const host = comparableHost(url.hostname);
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
