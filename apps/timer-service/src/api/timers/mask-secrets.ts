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

/** Which values of URL parameters are masked: those with the name of a secret, or every one. */
export type MaskedParameters = 'secrets' | 'every-parameter';

/** Decodes a name as far as it is validly encoded: `%74oken` is `token` for a receiver. */
function decodeName(name: string): string {
  return name.replace(/%[0-9a-f]{2}/gi, (code) => String.fromCharCode(Number.parseInt(code.slice(1), 16)));
}

/** Masks the user info at the start of a URL, which old rows may have. */
export function maskUser(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, `$1${MASK}@`);
}

/** Masks the user info, values of query parameters and the fragment of a URL; the rest is unchanged. */
function maskUrl(text: string, parameters: MaskedParameters): string {
  const [address = '', ...fragment] = text.split('#');
  const [path = '', ...query] = address.split('?');
  const shownPath = maskUser(path);
  const shownQuery = query.map((part) => `?${maskQuery(part, parameters)}`).join('');
  const tail = fragment.map((part) => `#${parameters === 'every-parameter' ? MASK : part}`).join('');
  return shownPath + shownQuery + tail;
}

function maskQuery(query: string, parameters: MaskedParameters): string {
  return query.replace(/([^=&;]*)(=[^&;]*)?/g, (whole, name: string, value?: string) => {
    if (whole === '') return whole;
    if (parameters === 'secrets')
      return value !== undefined && SECRET_NAME.test(decodeName(name)) ? `${name}=${MASK}` : whole;
    // A parameter without a name may itself be the secret.
    return value === undefined ? MASK : `${name}=${MASK}`;
  });
}

/** Returns a stored callback in which values of headers that look like secrets and of URL parameters are masked. */
export function maskCallback(config: JsonValue, parameters: MaskedParameters): JsonValue {
  if (!isObject(config)) return config;
  return Object.fromEntries(
    Object.entries(config).map(([name, value]) => {
      if (name === 'headers') return [name, maskHeaders(value)];
      if (name === 'url' && typeof value === 'string') return [name, maskUrl(value, parameters)];
      return [name, value];
    }),
  );
}
