import type { HeaderMap } from '@timer-platform/callback-types';

/** What belongs to the connection, or is made by the delivery itself. Requests cannot give these; old rows may hold them. */
const NOT_PASSED_ON = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'webhook-id',
  'webhook-signature',
  'webhook-timestamp',
]);

interface Message {
  readonly stored: HeaderMap;
  /** Sent unless the callback has an Authorization header of its own. */
  readonly authorization: string | undefined;
  readonly userAgent: string;
  readonly id: string;
  readonly timestampSeconds: number;
  readonly signature: string | undefined;
}

/** The headers of a delivery, as the flat list of names and values that undici takes with the least work. */
export function deliveryHeaders(message: Message): string[] {
  const headers = ['webhook-id', message.id, 'webhook-timestamp', String(message.timestampSeconds)];
  if (message.signature !== undefined) headers.push('webhook-signature', message.signature);
  let contentType = false;
  let userAgent = false;
  let authorization = false;
  for (const name of Object.keys(message.stored)) {
    const lower = name.toLowerCase();
    if (NOT_PASSED_ON.has(lower)) continue;
    if (lower === 'content-type') contentType = true;
    else if (lower === 'user-agent') userAgent = true;
    else if (lower === 'authorization') authorization = true;
    headers.push(name, message.stored[name] ?? '');
  }
  // Also on a delivery without a body: the first timer service set it on every one.
  if (!contentType) headers.push('content-type', 'application/json');
  if (!userAgent) headers.push('user-agent', message.userAgent);
  if (!authorization && message.authorization !== undefined)
    headers.push('authorization', message.authorization);
  return headers;
}

/** The name of a stored header that HTTP cannot carry, if there is one. */
export function illegalHeader(stored: HeaderMap): string | undefined {
  return Object.keys(stored).find(
    (name) =>
      !NOT_PASSED_ON.has(name.toLowerCase()) &&
      // RFC 9110, sections 5.6.2 (token) and 5.5 (field-value).
      (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name) || /[^\t\x20-\x7e\x80-\xff]/.test(stored[name] ?? '')),
  );
}
