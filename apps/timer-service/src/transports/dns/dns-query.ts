import type { LookupAddress, RecordWithTtl } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import type { Clock } from '../../clock.ts';
import { LookupError, lookupErrorCode } from './resolve-host.ts';

/** The addresses that name servers returned for a name, and how long they may be used. */
export interface ResolvedHost {
  readonly addresses: readonly LookupAddress[];
  readonly ttlMs: number;
}

/** Rejects with an error of node:dns. */
export type QueryHost = (hostname: string) => Promise<ResolvedHost>;

/** For one try with one name server. */
const TRY_TIMEOUT_MS = 1_000;
const TRIES = 2;
/** For all tries with all name servers. */
const TIMEOUT_MS = 3_000;
/** How long the records of one family wait for those of the other (RFC 8305, section 3: Resolution Delay). */
const OTHER_FAMILY_MS = 50;
/** c-ares reads resolv.conf when a resolver is created. */
const RESOLVER_LIFETIME_MS = 30_000;

/** Collects the results of the A and AAAA queries of one name. */
class HostQuery {
  readonly #resolve: (host: ResolvedHost) => void;
  readonly #reject: (error: unknown) => void;
  readonly #addresses: LookupAddress[] = [];
  #ttlSeconds = Infinity;
  #pending = 2;
  #error: unknown;
  #timeout: NodeJS.Timeout;

  constructor(resolve: (host: ResolvedHost) => void, reject: (error: unknown) => void) {
    this.#resolve = resolve;
    this.#reject = reject;
    this.#timeout = setTimeout(() => {
      this.fail(new LookupError('ETIMEOUT'));
      this.#finish();
    }, TIMEOUT_MS);
  }

  found(family: 4 | 6, records: readonly RecordWithTtl[]): void {
    for (const { address, ttl } of records) {
      this.#addresses.push({ address, family });
      this.#ttlSeconds = Math.min(this.#ttlSeconds, ttl);
    }
    this.#pending -= 1;
    if (this.#pending === 0) this.#finish();
    else {
      clearTimeout(this.#timeout);
      this.#timeout = setTimeout(() => {
        this.#finish();
      }, OTHER_FAMILY_MS);
    }
  }

  fail(error: unknown): void {
    const code = lookupErrorCode(error);
    // A timeout outweighs the other error: the name may have addresses.
    if (this.#error === undefined || code === 'ETIMEOUT') this.#error = error;
    this.#pending -= 1;
    // NXDOMAIN applies to both families.
    if (this.#pending === 0 || code === 'ENOTFOUND') this.#finish();
  }

  #finish(): void {
    clearTimeout(this.#timeout);
    if (this.#addresses.length > 0)
      this.#resolve({ addresses: this.#addresses, ttlMs: this.#ttlSeconds * 1_000 });
    else this.#reject(this.#error);
  }
}

function queryHost(resolver: Resolver, hostname: string): Promise<ResolvedHost> {
  return new Promise((resolve, reject) => {
    const query = new HostQuery(resolve, reject);
    const fail = (error: unknown) => {
      query.fail(error);
    };
    resolver.resolve4(hostname, { ttl: true }).then((records) => {
      query.found(4, records);
    }, fail);
    resolver.resolve6(hostname, { ttl: true }).then((records) => {
      query.found(6, records);
    }, fail);
  });
}

/**
 * Queries name servers for IPv4 and IPv6 addresses through c-ares, which needs no thread: a name server that does not
 * respond delays only its own names. A silent AAAA query does not delay a name that has an IPv4 address.
 *
 * @param servers `address:port`; by default those of resolv.conf
 */
export function dnsQuery(clock: Clock, servers?: readonly string[]): QueryHost {
  let resolver: Resolver | undefined;
  let createdAtMs = -Infinity;
  return (hostname) => {
    const nowMs = clock.monotonicMs();
    if (resolver === undefined || nowMs - createdAtMs >= RESOLVER_LIFETIME_MS) {
      resolver = new Resolver({ timeout: TRY_TIMEOUT_MS, tries: TRIES });
      if (servers !== undefined) resolver.setServers(servers);
      createdAtMs = nowMs;
    }
    return queryHost(resolver, hostname);
  };
}
