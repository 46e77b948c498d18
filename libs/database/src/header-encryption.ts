import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import type { CallbackConfig, JsonValue } from '@timer-platform/callback-types';
import { z } from 'zod';

/** AES-256-GCM as recommended by NIST SP 800-38D: random 96-bit IV, 128-bit tag. */
const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

const KEY_ID = /^[A-Za-z0-9._-]{1,32}$/;
/** Instead of the first key: decrypt, but do not encrypt. */
const NO_KEY = 'none';

/** Keys for the headers of stored callbacks. Printing a KeyObject does not show the key. */
export interface HeaderKeys {
  /** Id of the key that encrypts. undefined: headers are stored in plain text. */
  readonly current: string | undefined;
  /** All keys, for decryption. */
  readonly byId: ReadonlyMap<string, KeyObject>;
}

/** No encryption and no decryption. */
export const NO_HEADER_KEYS: HeaderKeys = { current: undefined, byId: new Map() };

/**
 * Parses `HEADER_ENCRYPTION_KEYS`: comma-separated `id:base64-of-32-bytes`. The first key encrypts, all keys decrypt.
 * `none` as the first item turns encryption off. The error message never contains a part of the text.
 */
export function parseHeaderKeys(text: string): { readonly keys: HeaderKeys } | { readonly error: string } {
  const items = text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
  const byId = new Map<string, KeyObject>();
  for (const [index, item] of items.entries()) {
    if (index === 0 && item === NO_KEY) continue;
    const colon = item.indexOf(':');
    const id = item.slice(0, Math.max(colon, 0));
    const encoded = item.slice(colon + 1);
    const key = Buffer.from(encoded, 'base64');
    if (!KEY_ID.test(id) || id === NO_KEY || key.length !== KEY_BYTES || key.toString('base64') !== encoded)
      return {
        error: `(item ${index + 1}) must be an id of up to 32 letters, digits and ._-, a colon, and 32 bytes as base64: create one with echo "2026-11:$(openssl rand -base64 32)"`,
      };
    if (byId.has(id)) return { error: `(item ${index + 1}) repeats the id of an earlier key` };
    byId.set(id, createSecretKey(key));
  }
  const current = items[0] === NO_KEY ? undefined : byId.keys().next().value;
  return { keys: { current, byId } };
}

const encryptedHeadersSchema = z.object({
  $encrypted: z.object({ key: z.string().regex(KEY_ID), iv: z.base64(), data: z.base64() }),
});

/** Stored in `callback_config.headers` in place of the headers. `data` is the ciphertext followed by the tag. */
export type EncryptedHeaders = z.infer<typeof encryptedHeadersSchema>;

/**
 * Whether stored headers are encrypted. A header may be named `$encrypted` too, but its value is a string.
 */
export function areEncrypted(headers: JsonValue | undefined): boolean {
  return isObject(headers) && isObject(headers['$encrypted']);
}

function isObject(value: JsonValue | undefined): value is { readonly [key: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The timer's id is authenticated with the headers. Without it, someone who can write to the table but has no key could
 * copy the headers of one timer to another and have them sent to its URL. The id is the only column that never changes.
 */
function additionalData(timerId: string): Buffer {
  return Buffer.from(timerId.toLowerCase());
}

/** Encrypts headers, given as JSON text, with the current key. Returns undefined if there is no current key. */
export function encryptHeaderText(
  keys: HeaderKeys,
  timerId: string,
  headers: string,
): EncryptedHeaders | undefined {
  const { current } = keys;
  const key = current === undefined ? undefined : keys.byId.get(current);
  if (current === undefined || key === undefined) return undefined;
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES }).setAAD(
    additionalData(timerId),
  );
  const data = Buffer.concat([cipher.update(headers, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return { $encrypted: { key: current, iv: iv.toString('base64'), data: data.toString('base64') } };
}

export type DecryptedText =
  | { readonly ok: true; readonly text: string }
  /** For `last_error` and for the operator. */
  | { readonly ok: false; readonly reason: string };

/** Decrypts stored headers to JSON text. */
export function decryptHeaderText(keys: HeaderKeys, timerId: string, headers: JsonValue): DecryptedText {
  const parsed = encryptedHeadersSchema.safeParse(headers);
  if (!parsed.success) return { ok: false, reason: 'the encrypted headers are malformed' };
  const { key: id, iv, data } = parsed.data.$encrypted;
  const key = keys.byId.get(id);
  if (key === undefined)
    return {
      ok: false,
      reason: `the headers are encrypted with the key "${id}", which is not in HEADER_ENCRYPTION_KEYS`,
    };
  const bytes = Buffer.from(data, 'base64');
  try {
    const decipher = createDecipheriv(CIPHER, key, Buffer.from(iv, 'base64'), { authTagLength: TAG_BYTES })
      .setAAD(additionalData(timerId))
      .setAuthTag(bytes.subarray(-TAG_BYTES));
    const text = Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]);
    return { ok: true, text: text.toString('utf8') };
  } catch {
    return {
      ok: false,
      reason: `the headers cannot be decrypted with the key "${id}": they were changed, belong to another timer, or were encrypted with another key of the same id`,
    };
  }
}

/** Returns the callback to store, with its headers encrypted if there is a current key. */
export function encryptHeaders(keys: HeaderKeys, timerId: string, callback: CallbackConfig): object {
  const { headers } = callback;
  if (headers === undefined || headers === null || Object.keys(headers).length === 0) return callback;
  const encrypted = encryptHeaderText(keys, timerId, JSON.stringify(headers));
  return encrypted === undefined ? callback : { ...callback, headers: encrypted };
}

export type DecryptedCallback =
  { readonly ok: true; readonly config: JsonValue } | { readonly ok: false; readonly reason: string };

const jsonSchema = z.custom<JsonValue>(() => true);

/** Returns a stored callback with its headers in plain text. Does not change one that is not encrypted. */
export function decryptHeaders(keys: HeaderKeys, timerId: string, config: JsonValue): DecryptedCallback {
  if (!isObject(config)) return { ok: true, config };
  const { headers } = config;
  if (headers === undefined || !areEncrypted(headers)) return { ok: true, config };
  const decrypted = decryptHeaderText(keys, timerId, headers);
  if (!decrypted.ok) return decrypted;
  return { ok: true, config: { ...config, headers: jsonSchema.parse(JSON.parse(decrypted.text)) } };
}
