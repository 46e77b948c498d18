/** Why a delivery is not to be trusted. */
export type SignatureErrorReason =
  'missing header' | 'malformed header' | 'timestamp too old' | 'timestamp too new' | 'no matching signature';

/** Thrown by {@link verifySignature}: answer 401 and do not act on the message. */
export class SignatureError extends Error {
  override readonly name = 'SignatureError';
  readonly reason: SignatureErrorReason;

  constructor(reason: SignatureErrorReason) {
    super(`The signature of the message does not hold: ${reason}`);
    this.reason = reason;
  }
}

/** Headers of a request: those of fetch, of Node.js, or a plain object. Names may be in any case. */
export type RequestHeaders =
  { get(name: string): string | null } | Readonly<Record<string, string | readonly string[] | undefined>>;

/** A delivery as it arrived, and what is needed to check it. */
export interface SignedMessage {
  readonly headers: RequestHeaders;
  /** The body as it arrived, before any JSON parser: one changed space is another message. */
  readonly body: string | Uint8Array;
  /** `whsec_…`, as configured in the timer service; several while one is being replaced. */
  readonly secrets: string | readonly string[];
  /** How far the timestamp may be from `now`, in seconds, either way; 300 by default. */
  readonly toleranceSeconds?: number;
  /** The time of the check; by default that of this machine. */
  readonly now?: Date;
}

/** What a signature vouches for besides the body. */
export interface VerifiedMessage {
  /** Id of the timer, the same on every attempt: have you seen it before? */
  readonly id: string;
  /** When the attempt was made. */
  readonly timestamp: Date;
}

const DEFAULT_TOLERANCE_SECONDS = 300;
const PREFIX = 'whsec_';
/** More than any rotation needs; a hostile header cannot make the check slow. */
const MAX_SIGNATURES = 32;

function header(headers: RequestHeaders, name: string): string {
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
  // Never shows the text: it is a secret, if a misspelled one.
  if (bytes === undefined || bytes.length === 0)
    throw new TypeError('A signing secret must be whsec_ followed by base64');
  const key = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, content));
}

/** Compares in a time that depends on the lengths alone. */
function isEqual(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  let difference = 0;
  left.forEach((byte, index) => {
    difference |= byte ^ (right[index] ?? 0);
  });
  return difference === 0;
}

function signedContent(id: string, timestamp: string, body: string | Uint8Array): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const start = encoder.encode(`${id}.${timestamp}.`);
  const end = typeof body === 'string' ? encoder.encode(body) : body;
  const content = new Uint8Array(start.length + end.length);
  content.set(start);
  content.set(end, start.length);
  return content;
}

/**
 * Checks that a delivery comes from a timer service that holds one of the secrets, unchanged and recent. Follows
 * Standard Webhooks (symmetric signatures, `v1`) and uses Web Crypto alone: it runs in Node.js, Deno, Bun, browsers
 * and edge workers.
 *
 * A valid message can be replayed within the tolerance: remember the ids of messages already handled.
 *
 * @throws {SignatureError} when the message is not to be trusted
 * @throws {TypeError} when a secret is not `whsec_` followed by base64
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
  const id = header(headers, 'webhook-id');
  const timestamp = header(headers, 'webhook-timestamp');
  const signatures = header(headers, 'webhook-signature').split(' ');
  if (!/^[1-9]\d{0,11}$/.test(timestamp) || signatures.length > MAX_SIGNATURES)
    throw new SignatureError('malformed header');
  const ageSeconds = Math.floor(now.getTime() / 1_000) - Number(timestamp);
  if (ageSeconds > toleranceSeconds) throw new SignatureError('timestamp too old');
  if (-ageSeconds > toleranceSeconds) throw new SignatureError('timestamp too new');

  const given = signatures
    .map((signature) => (signature.startsWith('v1,') ? fromBase64(signature.slice(3)) : undefined))
    .filter((signature) => signature !== undefined);
  const content = signedContent(id, timestamp, body);
  const secrets = typeof message.secrets === 'string' ? [message.secrets] : message.secrets;
  for (const secret of secrets) {
    const expected = await sign(content, secret);
    if (given.some((signature) => isEqual(signature, expected)))
      return { id, timestamp: new Date(Number(timestamp) * 1_000) };
  }
  throw new SignatureError('no matching signature');
}
