import { canParseUrl } from '@timer-platform/callback-types';
import { egressDenialReason, type EgressPolicy } from '../egress/egress-policy.ts';
import { permanent } from '../outcome.ts';
import { percentDecode } from '../percent-decode.ts';
import type { Destination, Outcome } from '../transport.ts';
import { httpDestinations, INVALID_URL } from './http-destination.ts';
import { ENDPOINT_DENIED } from './http-outcome.ts';

/** What a request needs of a callback's URL. */
export interface HttpTarget {
  /** Scheme, host and port: what shares connections. */
  readonly origin: string;
  /** With the port, unless it is that of the scheme. */
  readonly host: string;
  /** With its line end. */
  readonly requestLine: string;
  /** From credentials in the URL, which rows of the first service may have. */
  readonly authorization: string | undefined;
  /** The outcome of every attempt, if no request may be sent. */
  readonly problem: Outcome | undefined;
  destinationFor(timeoutMs: number): Destination;
}

const INVALID: HttpTarget = {
  origin: '',
  host: '',
  requestLine: '',
  authorization: undefined,
  problem: permanent('the URL is not an http or https URL'),
  destinationFor: () => INVALID_URL,
};

function basicAuthorization({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined;
  const credentials = `${percentDecode(username)}:${percentDecode(password)}`;
  return `Basic ${Buffer.from(credentials).toString('base64')}`;
}

function parseTarget(text: string, policy: EgressPolicy): HttpTarget {
  const url = canParseUrl(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') return INVALID;
  return {
    origin: url.origin,
    host: url.host,
    // The URL parser has escaped spaces and line breaks.
    requestLine: `POST ${url.pathname}${url.search} HTTP/1.1\r\n`,
    authorization: basicAuthorization(url),
    problem: egressDenialReason(text, policy) === undefined ? undefined : ENDPOINT_DENIED,
    destinationFor: httpDestinations(url, text),
  };
}

const MAX_CACHED = 1_000;

/** Returns a function that parses URLs and caches the result: many timers share few URLs. */
export function cachedHttpTargets(policy: EgressPolicy): (url: string) => HttpTarget {
  const cache = new Map<string, HttpTarget>();
  return (url) => {
    const cached = cache.get(url);
    if (cached !== undefined) return cached;
    const target = parseTarget(url, policy);
    // Cheaper than an LRU, and a URL in steady use is soon cached again.
    if (cache.size >= MAX_CACHED) cache.clear();
    cache.set(url, target);
    return target;
  };
}
