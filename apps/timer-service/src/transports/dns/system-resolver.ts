import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import type { Clock } from '../../clock.ts';
import { boundedLookup } from './bounded-lookup.ts';
import { cachedResolver } from './cached-resolver.ts';
import { dnsQuery, type QueryHost } from './dns-query.ts';
import { hostsFile } from './hosts-file.ts';
import { lookupErrorCode, type ResolveHost } from './resolve-host.ts';

/** The operating system's own resolver may know the name: from a search domain, mDNS or a container network. */
const ANSWERED_WITHOUT_ADDRESS = new Set([
  'ENOTFOUND',
  'ENODATA',
  'EREFUSED',
  'ESERVFAIL',
  'ECONNREFUSED',
  'EBADNAME',
]);
/** A name server that took longer than this would also delay getaddrinfo. */
const QUICK_MS = 500;
const SYSTEM_TTL_MS = 5_000;

interface SystemResolverParts {
  readonly hosts?: (hostname: string) => readonly LookupAddress[] | undefined;
  readonly query?: QueryHost;
  readonly systemLookup?: ResolveHost;
}

/**
 * Resolves names from the hosts file, then from name servers, and with getaddrinfo only if the name servers quickly
 * returned no address. So a name server that does not respond never occupies a thread.
 */
export function systemResolver(clock: Clock, parts: SystemResolverParts = {}): ResolveHost {
  const hosts = parts.hosts ?? hostsFile(clock);
  const query = parts.query ?? dnsQuery(clock);
  const systemLookup = boundedLookup(
    parts.systemLookup ?? ((hostname) => lookup(hostname, { all: true, verbatim: true })),
  );
  const resolve = cachedResolver(clock, async (hostname) => {
    const startedMs = clock.monotonicMs();
    try {
      return await query(hostname);
    } catch (error) {
      const isQuick = clock.monotonicMs() - startedMs < QUICK_MS;
      if (!isQuick || !ANSWERED_WITHOUT_ADDRESS.has(lookupErrorCode(error))) throw error;
      return { addresses: await systemLookup(hostname), ttlMs: SYSTEM_TTL_MS };
    }
  });
  return async (hostname) => hosts(hostname) ?? (await resolve(hostname));
}
