import { STATUS_CODES } from 'node:http';
import { delivered, permanent, retryable, withdrawn } from '../outcome.ts';
import type { Outcome } from '../transport.ts';
import { errorCode, shortageReason } from './connection-error.ts';

/** Statuses of an overloaded receiver, or of a proxy without one. */
const UNAVAILABLE_STATUSES = new Set([429, 502, 503, 504]);

/**
 * The outcome of a response. The reason uses the standard reason phrase: the receiver's own text must not get into
 * last_error.
 */
export function outcomeOfStatus(statusCode: number, retryAfterMs: number | null): Outcome {
  if (statusCode >= 200 && statusCode < 300) return delivered(statusCode);
  const phrase = STATUS_CODES[statusCode];
  const reason = `HTTP ${statusCode}${phrase === undefined ? '' : ` ${phrase}`}`;
  if (statusCode === 410) return permanent(reason, statusCode);
  if (statusCode >= 300 && statusCode < 400)
    return retryable(`${reason}: redirects are not followed`, { statusCode, retryAfterMs });
  return retryable(reason, {
    statusCode,
    retryAfterMs,
    ...(UNAVAILABLE_STATUSES.has(statusCode) && { unavailable: 'route' }),
  });
}

/** The same text for every address and port: a client could otherwise use DNS names to explore the network. */
export const ENDPOINT_DENIED = withdrawn(
  'undeliverable',
  'callbacks to this host and port are not allowed (ALLOWED_DESTINATIONS)',
);

/** Whether the peer closed the connection, as opposed to an error of the response or of this process. */
export function isClosedConnection(error: unknown): boolean {
  return ['ERR_CONNECTION_CLOSED', 'ECONNRESET', 'EPIPE'].includes(errorCode(error));
}

/** By error code of the network, of Node.js or of this client. Error messages are not used: they contain addresses. */
const UNREACHABLE_REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ETIMEDOUT: 'connection timed out',
  EHOSTUNREACH: 'host unreachable',
  EHOSTDOWN: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  ENETDOWN: 'network unreachable',
  // Of an IPv6 address, see shortageReason.
  EADDRNOTAVAIL: 'network unreachable',
  ENOTFOUND: 'host not found',
  ENODATA: 'host not found',
  EAI_AGAIN: 'host name could not be resolved',
  ESERVFAIL: 'host name could not be resolved',
  ETIMEOUT: 'host name could not be resolved',
  ECONNRESET: 'connection closed before the response',
  EPIPE: 'connection closed before the response',
  ERR_CONNECTION_CLOSED: 'connection closed before the response',
  CERT_HAS_EXPIRED: 'TLS certificate has expired',
  CERT_NOT_YET_VALID: 'TLS certificate is not valid yet',
  CERT_REVOKED: 'TLS certificate is revoked',
  ERR_TLS_CERT_ALTNAME_INVALID: 'TLS certificate is for another host',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'TLS certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'TLS certificate is signed by an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT: 'TLS certificate is signed by an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'TLS certificate is signed by an unknown authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'TLS certificate is signed by an unknown authority',
  EPROTO: 'TLS handshake failed',
};

const OTHER_REASONS: Readonly<Record<string, string>> = {
  ERR_INVALID_RESPONSE: 'the response is not valid HTTP',
  ERR_RESPONSE_HEADERS_TOO_LARGE: 'the response headers are too large',
  ERR_RESPONSE_TOO_LARGE: 'the response is too large',
  ERR_TOO_MANY_INTERIM_RESPONSES: 'the response has too many interim responses',
};

/** The outcome of an error that occurred before or instead of a response. */
export function outcomeOfError(error: unknown): Outcome {
  const code = errorCode(error);
  if (code === 'ERR_EGRESS_DENIED') return ENDPOINT_DENIED;
  const shortage = shortageReason(error);
  if (shortage !== undefined) return withdrawn('shortage', shortage);
  const unreachableReason = UNREACHABLE_REASONS[code];
  if (unreachableReason !== undefined) return retryable(unreachableReason, { unavailable: 'endpoint' });
  const otherReason = OTHER_REASONS[code];
  if (otherReason !== undefined) return retryable(otherReason);
  if (code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_'))
    return retryable('TLS handshake failed', { unavailable: 'endpoint' });
  return retryable(/^[A-Z][A-Z0-9_]{1,50}$/.test(code) ? `delivery failed (${code})` : 'delivery failed');
}
