import { createHmac } from 'node:crypto';

const PREFIX = 'whsec_';
/** Standard Webhooks requires 24 to 64 random bytes. Longer secrets do no harm. */
const MIN_SECRET_BYTES = 24;

/** Why a text is not a valid signing secret; undefined if it is. Never contains the text, which may be a secret. */
export function signingSecretError(text: string): string | undefined {
  const key = decodeSecret(text);
  if (key === undefined)
    return 'must be whsec_ followed by base64: generate one with echo whsec_$(openssl rand -base64 32)';
  if (key.length < MIN_SECRET_BYTES) return `must have at least ${MIN_SECRET_BYTES} bytes, has ${key.length}`;
  return undefined;
}

function decodeSecret(text: string): Buffer | undefined {
  if (!text.startsWith(PREFIX)) return undefined;
  const base64 = text.slice(PREFIX.length);
  const key = Buffer.from(base64, 'base64');
  // Buffer.from ignores characters outside base64, so the round trip proves that there were none.
  return key.toString('base64') === base64 ? key : undefined;
}

/** Returns the value of the webhook-signature header. */
export type SignMessage = (messageId: string, timestampSeconds: number, body: string) => string;

/**
 * Signs according to Standard Webhooks (symmetric, `v1`): HMAC-SHA256 over `id.timestamp.body`, with one signature per
 * secret, so that receivers can verify while a secret is rotated.
 *
 * @param secrets valid according to {@link signingSecretError}
 * @returns undefined if there is no secret
 * @throws TypeError if a secret is not valid
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function messageSigner(secrets: readonly string[]): SignMessage | undefined {
  const keys = secrets.map((text) => {
    const key = decodeSecret(text);
    if (key === undefined) throw new TypeError('A signing secret must be whsec_ followed by base64');
    return key;
  });
  if (keys.length === 0) return undefined;
  return (messageId, timestampSeconds, body) => {
    const content = `${messageId}.${timestampSeconds}.${body}`;
    return keys.map((key) => `v1,${createHmac('sha256', key).update(content).digest('base64')}`).join(' ');
  };
}
