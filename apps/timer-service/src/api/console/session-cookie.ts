/** Where the cookie of a session is valid. */
export interface CookieScope {
  /** Whether browsers send it over HTTPS only. */
  readonly secure: boolean;
  /** Path of the service as browsers see it, without a trailing slash; empty for the root. */
  readonly publicPath: string;
}

/** 256 bits as base64url. */
const TOKEN = /^[\w-]{43}$/;

/**
 * The name of the cookie. With the prefix `__Host-` browsers accept it only from this host, by HTTPS and for every path:
 * another host of the same domain cannot plant its own session.
 */
function cookieName({ secure, publicPath }: CookieScope): string {
  return secure && publicPath === '' ? '__Host-timer_console' : 'timer_console';
}

/**
 * The token in a `Cookie` header. Undefined if the cookie is not there; null if it is malformed or there are two: which of
 * them the browser got from this service cannot be told.
 */
export function readToken(header: string | undefined, scope: CookieScope): string | null | undefined {
  if (header === undefined) return undefined;
  const prefix = `${cookieName(scope)}=`;
  const values = header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(prefix))
    .map((pair) => pair.slice(prefix.length));
  const [value] = values;
  if (value === undefined) return undefined;
  return values.length === 1 && TOKEN.test(value) ? value : null;
}

/** The `Set-Cookie` header for a token that is valid for this many seconds; without a token, that removes the cookie. */
export function setCookie(scope: CookieScope, token = '', maxAgeSeconds = 0): string {
  const path = scope.publicPath === '' ? '/' : scope.publicPath;
  const attributes = [`Path=${path}`, `Max-Age=${maxAgeSeconds}`, 'HttpOnly', 'SameSite=Strict'];
  if (scope.secure) attributes.push('Secure');
  return [`${cookieName(scope)}=${token}`, ...attributes].join('; ');
}
