/** Messages of a DNS server that responds to the first question: RFC 1035, section 4. */

const HEADER_BYTES = 12;

export interface DnsQuestion {
  readonly name: string;
  /** 1: A, 28: AAAA. */
  readonly type: number;
}

interface LocatedQuestion extends DnsQuestion {
  /** The offset behind the question. */
  readonly end: number;
}

function locateQuestion(query: Buffer): LocatedQuestion {
  const labels: string[] = [];
  let offset = HEADER_BYTES;
  for (let length = query.readUInt8(offset); length > 0; length = query.readUInt8(offset)) {
    labels.push(query.toString('latin1', offset + 1, offset + 1 + length));
    offset += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(offset + 1), end: offset + 5 };
}

export function parseDnsQuestion(query: Buffer): DnsQuestion {
  const { name, type } = locateQuestion(query);
  return { name, type };
}

/**
 * The response with these addresses, as bytes; undefined: NXDOMAIN.
 *
 * @param ttlSeconds of all records, at most 255
 */
export function dnsResponse(
  query: Buffer,
  addresses: readonly (readonly number[])[] | undefined,
  ttlSeconds: number,
): Buffer {
  const { type, end } = locateQuestion(query);
  const header = Buffer.alloc(HEADER_BYTES);
  query.copy(header, 0, 0, 2);
  // Flags: response, recursion desired and available; the low bits are 3 for NXDOMAIN.
  header.writeUInt16BE(addresses === undefined ? 0x8183 : 0x8180, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(addresses?.length ?? 0, 6);
  const records = (addresses ?? []).map((bytes) =>
    // Name: a pointer to the question; class IN.
    Buffer.from([0xc0, HEADER_BYTES, 0, type, 0, 1, 0, 0, 0, ttlSeconds, 0, bytes.length, ...bytes]),
  );
  return Buffer.concat([header, query.subarray(HEADER_BYTES, end), ...records]);
}
