import type { LookupAddress } from 'node:dns';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { Clock } from '../../clock.ts';

const REREAD_MS = 5_000;

/** Parses a hosts file (hosts(5)): an address and its names on each line. Names are compared in lower case. */
export function parseHosts(text: string): ReadonlyMap<string, readonly LookupAddress[]> {
  const hosts = new Map<string, LookupAddress[]>();
  for (const line of text.split('\n')) {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    const family = isIP(address);
    if (family === 0) continue;
    for (const name of names) {
      const key = name.toLowerCase();
      hosts.set(key, [...(hosts.get(key) ?? []), { address, family }]);
    }
  }
  return hosts;
}

/** Returns a function that looks a name up in the hosts file, which is read again every five seconds. */
export function hostsFile(
  clock: Clock,
  path = '/etc/hosts',
): (hostname: string) => readonly LookupAddress[] | undefined {
  let hosts: ReadonlyMap<string, readonly LookupAddress[]> = new Map();
  let readAtMs = -Infinity;
  return (hostname) => {
    const nowMs = clock.monotonicMs();
    if (nowMs - readAtMs >= REREAD_MS) {
      readAtMs = nowMs;
      try {
        hosts = parseHosts(readFileSync(path, 'utf8'));
      } catch {
        // A machine without the file has no such names.
        hosts = new Map();
      }
    }
    return hosts.get(hostname.toLowerCase().replace(/\.$/, ''));
  };
}
