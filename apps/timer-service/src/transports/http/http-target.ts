import { egressDenialReason, type EgressPolicy } from '../egress/egress-policy.ts';
import { ENDPOINT_DENIED } from './http-outcome.ts';

/** A callback's URL, taken apart as a request needs it. */
export interface HttpTarget {
  /** Scheme, host and port: what shares connections, a bound in flight and a circuit breaker. */
  readonly origin: string;
  readonly path: string;
  /** From a user name and password in the URL, which rows of the first timer service may hold. */
  readonly authorization: string | undefined;
  /** Why nothing may be sent there. */
  readonly problem: string | undefined;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function parseTarget(text: string, policy: EgressPolicy): HttpTarget {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    return {
      origin: 'null',
      path: '',
      authorization: undefined,
      problem: 'the URL is not an http or https URL',
    };
  const credentials =
    url.username === '' && url.password === ''
      ? undefined
      : `${decoded(url.username)}:${decoded(url.password)}`;
  return {
    origin: url.origin,
    path: url.pathname + url.search,
    authorization: credentials && `Basic ${Buffer.from(credentials).toString('base64')}`,
    problem: egressDenialReason(text, policy) === undefined ? undefined : ENDPOINT_DENIED,
  };
}

const MAX_CACHED = 1_000;

/**
 * Takes URLs apart, each once as long as it is remembered: many timers call the same few, and each is asked for twice
 * per attempt.
 */
export function cachedHttpTargets(policy: EgressPolicy): (url: string) => HttpTarget {
  const remembered = new Map<string, HttpTarget>();
  return (url) => {
    const known = remembered.get(url);
    if (known !== undefined) return known;
    const target = parseTarget(url, policy);
    // Forgetting all at once costs a URL in steady use nothing worth the bookkeeping of a true LRU.
    if (remembered.size >= MAX_CACHED) remembered.clear();
    remembered.set(url, target);
    return target;
  };
}
