import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { dnsResponse, parseDnsQuestion } from '@timer-platform/test-support';
import ipaddr from 'ipaddr.js';
import type { ResolveHost } from '../dns/resolve-host.ts';

/**
 * Returns the addresses of a name; undefined: NXDOMAIN; silent: no response. Called once per question, so that responses
 * can change.
 */
export type Zone = (name: string, type: 'A' | 'AAAA') => readonly string[] | 'silent' | undefined;

/** A real DNS server on 127.0.0.1, and a resolver that queries only this server. */
export interface DnsServer {
  readonly resolve: ResolveHost;
  /** `address:port`. */
  readonly address: string;
  /** The names queried, in order; each lookup sends two questions, for A and AAAA. */
  readonly questions: readonly string[];
  close(): Promise<void>;
}

const TYPES: Readonly<Record<number, 'A' | 'AAAA'>> = { 1: 'A', 28: 'AAAA' };

function addressBytes(text: string): number[] {
  // ipaddr.js reads ::127.0.0.1 as a mapped address; the URL parser does not.
  const normalized = text.includes(':') ? new URL(`http://[${text}]/`).hostname.slice(1, -1) : text;
  return ipaddr.parse(normalized).toByteArray();
}

function createResponse(
  query: Buffer,
  zone: Zone,
  questions: string[],
  ttlSeconds: number,
): Buffer | undefined {
  const { name, type: typeCode } = parseDnsQuestion(query);
  questions.push(name);
  const type = TYPES[typeCode];
  const addresses = type === undefined ? [] : zone(name, type);
  return addresses === 'silent' ? undefined : dnsResponse(query, addresses?.map(addressBytes), ttlSeconds);
}

/** @param ttlSeconds of all records */
export async function startDnsServer(zone: Zone, ttlSeconds = 0): Promise<DnsServer> {
  const questions: string[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (query, client) => {
    const response = createResponse(query, zone, questions, ttlSeconds);
    if (response !== undefined) socket.send(response, client.port, client.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const resolver = new Resolver();
  const address = `127.0.0.1:${socket.address().port}`;
  resolver.setServers([address]);
  return {
    address,
    questions,
    resolve: async (hostname) => {
      const [v4, v6] = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
      const addresses = [
        ...(v4.status === 'fulfilled' ? v4.value.map((address) => ({ address, family: 4 })) : []),
        ...(v6.status === 'fulfilled' ? v6.value.map((address) => ({ address, family: 6 })) : []),
      ];
      if (addresses.length === 0 && v4.status === 'rejected') throw v4.reason;
      return addresses;
    },
    close: async () => {
      resolver.cancel();
      socket.close();
      await once(socket, 'close');
    },
  };
}
