import { isIPv6 } from 'node:net';

/** The code of an error of the network, of Node.js or of this client; empty if there is none. */
export function errorCode(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

const NO_DESCRIPTOR = 'could not open a connection: too many open files';
const NO_PORT = 'could not open a connection: no local port is free';
const NO_MEMORY = 'could not open a connection: out of memory';

const SHORTAGES: Readonly<Record<string, string>> = {
  EMFILE: NO_DESCRIPTOR,
  ENFILE: NO_DESCRIPTOR,
  ENOBUFS: NO_MEMORY,
  ENOMEM: NO_MEMORY,
};
/** Of IPv4 addresses. For IPv6 addresses the cause is usually that this machine has no IPv6. */
const IPV4_SHORTAGES: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL: NO_PORT,
  EINVAL: NO_PORT,
};

function isConnect(error: object): boolean {
  return 'syscall' in error && error.syscall === 'connect';
}

function hasIpv6Address(error: object): boolean {
  return 'address' in error && typeof error.address === 'string' && isIPv6(error.address);
}

/**
 * What this machine lacked to open a connection; undefined if that is not the cause of an error.
 *
 * @param error of several addresses: an AggregateError, which has the code of its first error
 */
export function shortageReason(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('errors' in error && Array.isArray(error.errors))
    return error.errors.map(shortageReason).find((reason) => reason !== undefined);
  const code = errorCode(error);
  return SHORTAGES[code] ?? (isConnect(error) && !hasIpv6Address(error) ? IPV4_SHORTAGES[code] : undefined);
}
