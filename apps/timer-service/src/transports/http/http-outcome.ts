import { STATUS_CODES } from 'node:http';
import { delivered, permanent, retryable } from '../outcome.ts';
import type { Outcome } from '../transport.ts';

/**
 * What a response means. The reason uses the standard words for the status: those of the receiver are not under our
 * control and would end up in last_error.
 */
export function outcomeOfStatus(statusCode: number, retryAfterMs: number | null): Outcome {
  if (statusCode >= 200 && statusCode < 300) return delivered(statusCode);
  const words = STATUS_CODES[statusCode];
  const reason = `HTTP ${statusCode}${words === undefined ? '' : ` ${words}`}`;
  if (statusCode === 410) return permanent(reason, statusCode);
  if (statusCode >= 300 && statusCode < 400)
    return retryable(`${reason}: redirects are not followed`, { statusCode, retryAfterMs });
  return retryable(reason, { statusCode, retryAfterMs });
}

/** Tells nothing of where the connection would have gone: names can be resolved to learn about a network. */
export const ENDPOINT_DENIED = 'the destination is not open to callbacks (ALLOWED_DESTINATIONS)';

/** Errors of the network, of Node.js and of undici by code. Messages are not used: they hold addresses. */
const UNREACHABLE_REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ETIMEDOUT: 'connection timed out',
  UND_ERR_CONNECT_TIMEOUT: 'connection timed out',
  EHOSTUNREACH: 'host unreachable',
  EHOSTDOWN: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  ENETDOWN: 'network unreachable',
  ENOTFOUND: 'host not found',
  ENODATA: 'host not found',
  EAI_AGAIN: 'host name could not be resolved',
  ESERVFAIL: 'host name could not be resolved',
  ETIMEOUT: 'host name could not be resolved',
  ECONNRESET: 'connection closed before the response',
  EPIPE: 'connection closed before the response',
  UND_ERR_SOCKET: 'connection closed before the response',
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
  UND_ERR_HEADERS_OVERFLOW: 'the headers of the response are too large',
  UND_ERR_DESTROYED: 'given up: the service is stopping',
  UND_ERR_CLOSED: 'given up: the service is stopping',
  EMFILE: 'no connection could be opened: too many open files',
  ENFILE: 'no connection could be opened: too many open files',
  EADDRNOTAVAIL: 'no connection could be opened: no local port is free',
};

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

/** undici sets its code only for some of the faults. */
function isParserError(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'name' in error && error.name === 'HTTPParserError';
}

/** What an error before or instead of a response means. */
export function outcomeOfError(error: unknown): Outcome {
  const code = codeOf(error);
  if (code === 'ERR_DESTINATION_REFUSED') return permanent(ENDPOINT_DENIED);
  const away = UNREACHABLE_REASONS[code];
  if (away !== undefined) return retryable(away, { unreachable: true });
  const here = OTHER_REASONS[code];
  if (here !== undefined) return retryable(here);
  if (code.startsWith('HPE_') || isParserError(error)) return retryable('the response is not valid HTTP');
  if (code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_'))
    return retryable('TLS handshake failed', { unreachable: true });
  if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED')
    return permanent('the stored callback does not make a legal HTTP request');
  return retryable(/^[A-Z][A-Z0-9_]{1,50}$/.test(code) ? `delivery failed (${code})` : 'delivery failed');
}
