import { canParseUrl } from '@timer-platform/callback-types';

/** What the headers of a request say about where it comes from. */
export interface RequestOrigin {
  readonly method: string;
  /** `http` or `https`, as the browser sees it. */
  readonly protocol: string;
  /** The host and port that the browser has asked for. */
  readonly host: string;
  readonly origin: string | undefined;
  /** The `Sec-Fetch-Site` header, which scripts cannot set. Browsers send it over HTTPS and to localhost. */
  readonly fetchSite: string | undefined;
  /** The `X-Timer-Console` header. A page of another origin cannot send it: the service allows no such request. */
  readonly consoleHeader: string | undefined;
}

const LOOPBACK = /^(?:localhost|[\w-]+\.localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/;

function urlOf(text: string): URL | undefined {
  return canParseUrl(text) ? new URL(text) : undefined;
}

/** Whether the browser asks for the service on its own machine: what it sends does not leave it. */
export function isLoopback({ protocol, host }: Pick<RequestOrigin, 'protocol' | 'host'>): boolean {
  return LOOPBACK.test(urlOf(`${protocol}://${host}`)?.hostname ?? '');
}

const isRead = (method: string): boolean => method === 'GET' || method === 'HEAD';

/**
 * Why the cookie of a session does not count for a request; undefined if it does. The cookie alone proves only that the
 * browser has it, not that the console has sent the request.
 */
export function whyForeign(request: RequestOrigin): string | undefined {
  const { method, protocol, host, origin, fetchSite, consoleHeader } = request;
  // `none`: the user typed the address.
  const ownSite = fetchSite === 'same-origin' || (fetchSite === 'none' && isRead(method));
  if (fetchSite !== undefined && !ownSite) return 'the request comes from a page of another origin';
  if (fetchSite === undefined && origin !== undefined) {
    const own = urlOf(`${protocol}://${host}`)?.origin;
    if (own === undefined || urlOf(origin)?.origin !== own)
      return `the Origin ${origin.slice(0, 200)} is not ${own ?? 'known'}: a proxy has to pass the Host, and be in TRUSTED_PROXIES if it ends TLS`;
  }
  if (!isRead(method) && consoleHeader !== '1')
    return 'the session of the console needs the header x-timer-console: 1 for requests that change something';
  return undefined;
}
