import { type HeaderMap, WEBHOOK_HEADERS } from '@timer-platform/callback-types';

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

interface DeliveryHeaders {
  readonly stored: HeaderMap;
  /** Sent unless the callback has its own Authorization header. */
  readonly authorization: string | undefined;
  readonly userAgent: string;
  readonly id: string;
  readonly timestampSeconds: number;
  readonly attemptNumber: number;
  readonly signature: string | undefined;
}

/** The headers of a delivery, as the flat list of names and values that undici processes fastest. */
export function deliveryHeaders(message: DeliveryHeaders): string[] {
  const headers: string[] = [
    WEBHOOK_HEADERS.id,
    message.id,
    WEBHOOK_HEADERS.timestamp,
    String(message.timestampSeconds),
    WEBHOOK_HEADERS.attempt,
    String(message.attemptNumber),
  ];
  if (message.signature !== undefined) headers.push(WEBHOOK_HEADERS.signature, message.signature);
  let hasContentType = false;
  let hasUserAgent = false;
  let hasAuthorization = false;
  for (const name of Object.keys(message.stored)) {
    const lower = name.toLowerCase();
    if (NOT_FORWARDED.has(lower)) continue;
    if (lower === 'content-type') hasContentType = true;
    else if (lower === 'user-agent') hasUserAgent = true;
    else if (lower === 'authorization') hasAuthorization = true;
    headers.push(name, message.stored[name] ?? '');
  }
  // Even without a body, as the first service did.
  if (!hasContentType) headers.push('content-type', 'application/json');
  if (!hasUserAgent) headers.push('user-agent', message.userAgent);
  if (!hasAuthorization && message.authorization !== undefined)
    headers.push('authorization', message.authorization);
  return headers;
}

/** The name of the first stored header that HTTP does not allow, if there is one. */
export function illegalHeader(stored: HeaderMap): string | undefined {
  return Object.keys(stored).find(
    (name) =>
      !NOT_FORWARDED.has(name.toLowerCase()) &&
      // RFC 9110, sections 5.6.2 (token) and 5.5 (field-value).
      (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name) || /[^\t\x20-\x7e\x80-\xff]/.test(stored[name] ?? '')),
  );
}
