import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import ipaddr from 'ipaddr.js';
import type { ResolveHost } from '../egress/guarded-connector.ts';

/** Addresses for a name; undefined: there is no such name. Called once per question, so that answers can change. */
export type Zone = (name: string, type: 'A' | 'AAAA') => readonly string[] | undefined;

/** A real DNS server on 127.0.0.1, and a resolver that asks it alone. */
export interface DnsServer {
  readonly resolve: ResolveHost;
  /** Names asked for, in their order; each look-up asks twice, for A and for AAAA. */
  readonly questions: readonly string[];
  close(): Promise<void>;
}

const TYPES: Readonly<Record<number, 'A' | 'AAAA'>> = { 1: 'A', 28: 'AAAA' };
const HEADER_BYTES = 12;

/** The name of the first question (RFC 1035, section 4.1.2), and where its type stands. */
function question(query: Buffer): { name: string; end: number } {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 1 };
}

function response(query: Buffer, zone: Zone, asked: string[]): Buffer {
  const { name, end } = question(query);
  asked.push(name);
  const type = query.readUInt16BE(end);
  const kind = TYPES[type];
  const addresses = kind === undefined ? [] : zone(name, kind);
  const header = Buffer.alloc(HEADER_BYTES);
  query.copy(header, 0, 0, 2);
  // A response, recursion desired and available; NXDOMAIN for a name that does not exist.
  header.writeUInt16BE(addresses === undefined ? 0x8183 : 0x8180, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(addresses?.length ?? 0, 6);
  const answers = (addresses ?? []).map((text) => {
    // ipaddr.js reads ::127.0.0.1 as a mapped address; the parser of the URL standard does not.
    const plain = text.includes(':') ? new URL(`http://[${text}]/`).hostname.slice(1, -1) : text;
    const bytes = ipaddr.parse(plain).toByteArray();
    // Name: that of the question; class IN; TTL 0.
    const fixed = Buffer.from([0xc0, HEADER_BYTES, 0, type, 0, 1, 0, 0, 0, 0, 0, bytes.length]);
    return Buffer.concat([fixed, Buffer.from(bytes)]);
  });
  return Buffer.concat([header, query.subarray(HEADER_BYTES, end + 4), ...answers]);
}

export async function startDnsServer(zone: Zone): Promise<DnsServer> {
  const questions: string[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => {
    socket.send(response(query, zone, questions), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const resolver = new Resolver();
  resolver.setServers([`127.0.0.1:${socket.address().port}`]);
  return {
    questions,
    resolve: async (hostname) => {
      const [v4, v6] = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
      const found = [
        ...(v4.status === 'fulfilled' ? v4.value.map((address) => ({ address, family: 4 })) : []),
        ...(v6.status === 'fulfilled' ? v6.value.map((address) => ({ address, family: 6 })) : []),
      ];
      if (found.length === 0 && v4.status === 'rejected') throw v4.reason;
      return found;
    },
    close: async () => {
      resolver.cancel();
      socket.close();
      await once(socket, 'close');
    },
  };
}
