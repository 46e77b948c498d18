import { type HeaderMap, WEBHOOK_HEADERS } from '@timer-platform/callback-types';
import { FIELD_VALUE, TOKEN } from './http-syntax.ts';

/** Headers of the connection or of the delivery itself. The API rejects them; old rows may contain them. */
const NOT_FORWARDED = new Set<string>([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  ...Object.values(WEBHOOK_HEADERS),
]);

const NAME = new RegExp(`^${TOKEN}$`);
const VALUE = new RegExp(`^${FIELD_VALUE}$`);

interface DeliveryHeaders {
  /** Host and port of the URL. Sent unless the callback has its own Host header, which only old rows may have. */
  readonly host: string;
  readonly stored: HeaderMap;
  /** Sent unless the callback has its own Authorization header. */
  readonly authorization: string | undefined;
  readonly userAgent: string;
  readonly id: string;
  readonly timestampSeconds: number;
  readonly attemptNumber: number;
  readonly signature: string | undefined;
}

/** That of HTTP/1.1 anyway; some servers of HTTP/1.0 wait for it. */
const CONNECTION = field('connection', 'keep-alive');

/**
 * The header fields of a delivery as they are sent, each with its line end; undefined if HTTP does not allow a stored
 * one, see {@link illegalHeader}.
 */
export function deliveryHeaders(message: DeliveryHeaders): string | undefined {
  let fields =
    CONNECTION +
    field(WEBHOOK_HEADERS.id, message.id) +
    field(WEBHOOK_HEADERS.timestamp, String(message.timestampSeconds)) +
    field(WEBHOOK_HEADERS.attempt, String(message.attemptNumber));
  if (message.signature !== undefined) fields += field(WEBHOOK_HEADERS.signature, message.signature);
  let hasHost = false;
  let hasContentType = false;
  let hasUserAgent = false;
  let hasAuthorization = false;
  for (const name of Object.keys(message.stored)) {
    const lower = name.toLowerCase();
    if (NOT_FORWARDED.has(lower)) continue;
    if (lower === 'content-type') hasContentType = true;
    else if (lower === 'user-agent') hasUserAgent = true;
    else if (lower === 'authorization') hasAuthorization = true;
    else if (lower === 'host') {
      if (hasHost) continue;
      hasHost = true;
    }
    const value = message.stored[name] ?? '';
    if (!isLegal(name, value)) return undefined;
    fields += field(name, value);
  }
  // Even without a body, as the first service did.
  if (!hasContentType) fields += field('content-type', 'application/json');
  if (!hasUserAgent) fields += field('user-agent', message.userAgent);
  if (!hasAuthorization && message.authorization !== undefined)
    fields += field('authorization', message.authorization);
  return hasHost ? fields : field('host', message.host) + fields;
}

/** The name of the first stored header that HTTP does not allow, if there is one. */
export function illegalHeader(stored: HeaderMap): string | undefined {
  return Object.keys(stored).find(
    (name) => !NOT_FORWARDED.has(name.toLowerCase()) && !isLegal(name, stored[name] ?? ''),
  );
}

function field(name: string, value: string): string {
  return `${name}: ${value}\r\n`;
}

/** Above all, no line breaks. */
function isLegal(name: string, value: string): boolean {
  return NAME.test(name) && VALUE.test(value);
}
