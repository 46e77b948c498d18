import { createHmac } from 'node:crypto';

const PREFIX = 'whsec_';
/** Standard Webhooks: a secret has 24 to 64 bytes of randomness. Longer ones do no harm. */
const MIN_SECRET_BYTES = 24;

/**
 * What keeps a text from being a signing secret; `undefined` when nothing does. Never holds the text: it is a secret.
 */
export function signingSecretError(text: string): string | undefined {
  const key = decodeSecret(text);
  if (key === undefined)
    return 'must be whsec_ followed by base64: make one with echo whsec_$(openssl rand -base64 32)';
  if (key.length < MIN_SECRET_BYTES)
    return `must hold at least ${MIN_SECRET_BYTES} bytes, holds ${key.length}`;
  return undefined;
}

function decodeSecret(text: string): Buffer | undefined {
  if (!text.startsWith(PREFIX)) return undefined;
  const base64 = text.slice(PREFIX.length);
  const key = Buffer.from(base64, 'base64');
  // Buffer.from skips over what is not base64; only a text that comes back the same was all base64.
  return key.toString('base64') === base64 ? key : undefined;
}

/** Makes the value of a webhook-signature header. */
export type SignMessage = (messageId: string, timestampSeconds: number, body: string) => string;

/**
 * Signs as the Standard Webhooks specification says (symmetric, `v1`): HMAC-SHA256 over `id.timestamp.body`, one
 * signature for each secret, so that receivers keep verifying while a secret is being replaced.
 *
 * @param secrets as {@link signingSecretError} accepts them
 * @returns undefined when there is no secret
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function messageSigner(secrets: readonly string[]): SignMessage | undefined {
  const keys = secrets.map((text) => {
    const key = decodeSecret(text);
    if (key === undefined) throw new TypeError('A signing secret is not whsec_ followed by base64');
    return key;
  });
  if (keys.length === 0) return undefined;
  return (messageId, timestampSeconds, body) => {
    const content = `${messageId}.${timestampSeconds}.${body}`;
    return keys.map((key) => `v1,${createHmac('sha256', key).update(content).digest('base64')}`).join(' ');
  };
}
