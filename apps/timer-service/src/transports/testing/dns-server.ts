import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
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
const HEADER_BYTES = 12;

/** The name of the first question (RFC 1035, section 4.1.2), and the offset of its type. */
function parseQuestion(query: Buffer): { name: string; end: number } {
  const labels: string[] = [];
  let offset = HEADER_BYTES;
  for (let length = query.readUInt8(offset); length > 0; length = query.readUInt8(offset)) {
    labels.push(query.toString('latin1', offset + 1, offset + 1 + length));
    offset += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), end: offset + 1 };
}

function createResponse(
  query: Buffer,
  zone: Zone,
  questions: string[],
  ttlSeconds: number,
): Buffer | undefined {
  const { name, end } = parseQuestion(query);
  questions.push(name);
  const typeCode = query.readUInt16BE(end);
  const type = TYPES[typeCode];
  const addresses = type === undefined ? [] : zone(name, type);
  if (addresses === 'silent') return undefined;
  const header = Buffer.alloc(HEADER_BYTES);
  query.copy(header, 0, 0, 2);
  // Flags: response, recursion desired and available; the low bits are 3 for NXDOMAIN.
  header.writeUInt16BE(addresses === undefined ? 0x8183 : 0x8180, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(addresses?.length ?? 0, 6);
  const records = (addresses ?? []).map((text) => {
    // ipaddr.js reads ::127.0.0.1 as a mapped address; the URL parser does not.
    const normalized = text.includes(':') ? new URL(`http://[${text}]/`).hostname.slice(1, -1) : text;
    const bytes = ipaddr.parse(normalized).toByteArray();
    // Name: a pointer to the question; class IN; TTL of at most 255 seconds.
    const prefix = Buffer.from([0xc0, HEADER_BYTES, 0, typeCode, 0, 1, 0, 0, 0, ttlSeconds, 0, bytes.length]);
    return Buffer.concat([prefix, Buffer.from(bytes)]);
  });
  return Buffer.concat([header, query.subarray(HEADER_BYTES, end + 4), ...records]);
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
