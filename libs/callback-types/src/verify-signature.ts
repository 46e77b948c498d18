/** Why a message must not be trusted. */
export type SignatureErrorReason =
  'missing header' | 'malformed header' | 'timestamp too old' | 'timestamp too new' | 'no matching signature';

/** Thrown by {@link verifySignature}: respond with 401 and do not process the message. */
export class SignatureError extends Error {
  override readonly name = 'SignatureError';
  readonly reason: SignatureErrorReason;

  constructor(reason: SignatureErrorReason) {
    super(`The signature of the message is not valid: ${reason}`);
    this.reason = reason;
  }
}

/** Headers of a request: from fetch, from Node.js, or a plain object. Names are case-insensitive. */
export type RequestHeaders =
  { get(name: string): string | null } | Readonly<Record<string, string | readonly string[] | undefined>>;

/** A received message, and what is needed to verify it. */
export interface SignedMessage {
  readonly headers: RequestHeaders;
  /** The body as received, before any JSON parser: one changed space makes the signature invalid. */
  readonly body: string | Uint8Array;
  /** `whsec_…`, as configured in the timer service; several during a rotation. */
  readonly secrets: string | readonly string[];
  /** Maximum difference between the timestamp and `now`, in seconds; 300 by default. */
  readonly toleranceSeconds?: number;
  /** The current time; by default the clock of this machine. */
  readonly now?: Date;
}

/** What the signature covers besides the body. */
export interface VerifiedMessage {
  /** Id of the timer, the same for every attempt: use it to detect repeated deliveries. */
  readonly id: string;
  /** When the attempt was made. */
  readonly timestamp: Date;
}

const DEFAULT_TOLERANCE_SECONDS = 300;
const PREFIX = 'whsec_';
/** More than any rotation needs. Bounds the cost of a hostile header. */
const MAX_SIGNATURES = 32;

function readHeader(headers: RequestHeaders, name: string): string {
  const value = isFetchHeaders(headers)
    ? headers.get(name)
    : Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  if (typeof value === 'string' && value !== '') return value;
  throw new SignatureError(value === null || value === undefined ? 'missing header' : 'malformed header');
}

function isFetchHeaders(headers: RequestHeaders): headers is { get(name: string): string | null } {
  return typeof headers['get'] === 'function';
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  let binary: string;
  try {
    binary = atob(text);
  } catch {
    return undefined;
  }
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

async function sign(content: Uint8Array<ArrayBuffer>, secret: string): Promise<Uint8Array> {
  const bytes = fromBase64(secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret);
  // Must not contain the text: it is a secret, even if misspelled.
  if (bytes === undefined || bytes.length === 0)
    throw new TypeError('A signing secret must be whsec_ followed by base64');
  const key = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, content));
}

/** Compares in a time that depends only on the lengths. */
function timingSafeEqual(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  let difference = 0;
  left.forEach((byte, index) => {
    difference |= byte ^ (right[index] ?? 0);
  });
  return difference === 0;
}

function signedContent(id: string, timestamp: string, body: string | Uint8Array): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const prefix = encoder.encode(`${id}.${timestamp}.`);
  const bodyBytes = typeof body === 'string' ? encoder.encode(body) : body;
  const content = new Uint8Array(prefix.length + bodyBytes.length);
  content.set(prefix);
  content.set(bodyBytes, prefix.length);
  return content;
}

/**
 * Verifies that a message is recent, unchanged and from a timer service that has one of the secrets. Implements Standard
 * Webhooks (symmetric signatures, `v1`) and needs only Web Crypto: it runs in Node.js, Deno, Bun, browsers and edge
 * workers.
 *
 * A valid message can be replayed within the tolerance: remember the ids of handled messages.
 *
 * @throws {SignatureError} if the message must not be trusted
 * @throws {TypeError} if a secret is not `whsec_` followed by base64
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 *
 * @example
 * const { id } = await verifySignature({
 *   headers: request.headers,
 *   body: await request.text(),
 *   secrets: process.env.WEBHOOK_SECRET,
 * });
 */
export async function verifySignature(message: SignedMessage): Promise<VerifiedMessage> {
  // eslint-disable-next-line no-restricted-syntax -- the default for callers outside this workspace
  const { body, headers, now = new Date(), toleranceSeconds = DEFAULT_TOLERANCE_SECONDS } = message;
  const id = readHeader(headers, 'webhook-id');
  const timestamp = readHeader(headers, 'webhook-timestamp');
  const signatures = readHeader(headers, 'webhook-signature').split(' ');
  if (!/^[1-9]\d{0,11}$/.test(timestamp) || signatures.length > MAX_SIGNATURES)
    throw new SignatureError('malformed header');
  const ageSeconds = Math.floor(now.getTime() / 1_000) - Number(timestamp);
  if (ageSeconds > toleranceSeconds) throw new SignatureError('timestamp too old');
  if (-ageSeconds > toleranceSeconds) throw new SignatureError('timestamp too new');

  const received = signatures
    .map((signature) => (signature.startsWith('v1,') ? fromBase64(signature.slice(3)) : undefined))
    .filter((signature) => signature !== undefined);
  const content = signedContent(id, timestamp, body);
  const secrets = typeof message.secrets === 'string' ? [message.secrets] : message.secrets;
  for (const secret of secrets) {
    const expected = await sign(content, secret);
    if (received.some((signature) => timingSafeEqual(signature, expected)))
      return { id, timestamp: new Date(Number(timestamp) * 1_000) };
  }
  throw new SignatureError('no matching signature');
}
