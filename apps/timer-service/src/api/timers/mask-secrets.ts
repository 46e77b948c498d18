import type { JsonValue } from '@timer-platform/callback-types';
import { areEncrypted } from '@timer-platform/database';

/** Replaces a secret. */
export const MASK = '***';

/** Common names of headers and query parameters with secret values. */
const SECRET_NAME = /auth|cookie|token|secret|key|pass|signature|credential|session|jwt|bearer/i;

function isObject(value: JsonValue | undefined): value is { readonly [key: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Rows of the first service may hold headers of any shape: a string may be a whole list of headers. */
function maskHeaders(headers: JsonValue): JsonValue {
  if (Array.isArray(headers)) return headers.map(maskHeaders);
  if (typeof headers === 'string' || areEncrypted(headers)) return MASK;
  if (!isObject(headers)) return headers;
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, SECRET_NAME.test(name) ? MASK : value]),
  );
}

/** Masks the user info and the secret query parameters of a URL; the rest is unchanged. */
function maskUrl(text: string): string {
  return text
    .replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, `$1${MASK}@`)
    .replace(/([?&;])([^=&;#]*)=([^&;#]*)/g, (whole, separator: string, name: string) =>
      SECRET_NAME.test(name) ? `${separator}${name}=${MASK}` : whole,
    );
}

/** Returns a stored callback in which values of headers and URL parameters that look like secrets are masked. */
export function maskCallback(config: JsonValue): JsonValue {
  if (!isObject(config)) return config;
  return Object.fromEntries(
    Object.entries(config).map(([name, value]) => {
      if (name === 'headers') return [name, maskHeaders(value)];
      if (name === 'url' && typeof value === 'string') return [name, maskUrl(value)];
      return [name, value];
    }),
  );
}
