import type { Clock } from '../../clock.ts';
import type { QueryHost, ResolvedHost } from './dns-query.ts';
import type { ResolveHost } from './resolve-host.ts';

const MAX_TTL_MS = 10_000;
const ERROR_TTL_MS = 1_000;
const MAX_CACHED = 1_000;

interface Entry {
  readonly result: Promise<ResolvedHost>;
  /** Infinity while the lookup is under way: concurrent lookups of a name share one. */
  expiresMs: number;
}

/** Caches addresses for as long as their TTL allows, at most ten seconds, and errors for one second. */
export function cachedResolver(clock: Clock, query: QueryHost): ResolveHost {
  const cache = new Map<string, Entry>();

  function start(hostname: string): Entry {
    const entry: Entry = { result: query(hostname), expiresMs: Infinity };
    entry.result.then(
      ({ ttlMs }) => {
        entry.expiresMs = clock.monotonicMs() + Math.min(ttlMs, MAX_TTL_MS);
      },
      () => {
        entry.expiresMs = clock.monotonicMs() + ERROR_TTL_MS;
      },
    );
    cache.delete(hostname);
    const [oldest] = cache.keys();
    if (oldest !== undefined && cache.size >= MAX_CACHED) cache.delete(oldest);
    cache.set(hostname, entry);
    return entry;
  }

  return async (hostname) => {
    const cached = cache.get(hostname);
    const entry = cached !== undefined && cached.expiresMs > clock.monotonicMs() ? cached : start(hostname);
    return (await entry.result).addresses;
  };
}
