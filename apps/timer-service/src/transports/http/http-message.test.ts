import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseRequestsByLlhttp } from '../testing/llhttp.ts';
import { deliveryHeaders, illegalHeader } from './http-headers.ts';
import { httpMessage } from './http-message.ts';

/** Inputs of each kind. For more: FUZZ_RUNS=100000 npx nx test timer-service */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 2_000);

const REQUEST_LINE = 'POST /a?b=c HTTP/1.1\r\n';

function fieldsOf(stored: Record<string, string>): string | undefined {
  return deliveryHeaders({
    host: 'hook.example',
    stored,
    authorization: undefined,
    userAgent: 'timer-platform/test',
    id: 'the-id',
    timestampSeconds: 1_700_000_000,
    attemptNumber: 1,
    signature: undefined,
  });
}

/** In lower case. One of two letters comes up by chance. */
const NOT_SENT = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'webhook-attempt',
  'webhook-id',
  'webhook-signature',
  'webhook-timestamp',
]);

/** The bytes that a socket writes. */
function bytesOf(stored: Record<string, string>, body: string): Buffer {
  const message = httpMessage(REQUEST_LINE + (fieldsOf(stored) ?? ''), body);
  return typeof message === 'string' ? Buffer.from(message) : message;
}

const arbitraryName = fc.oneof(
  fc.constantFrom(
    'x-a',
    'X-B',
    'Content-Type',
    'authorization',
    'Content-Length',
    'Transfer-Encoding',
    'Host',
    'TE',
    'Connection',
    'Webhook-Id',
  ),
  fc.string({ unit: 'binary-ascii', maxLength: 8 }),
);
const arbitraryValue = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', ' ', '\t', ':', '\xe9', '\xff'), maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom('a\r\nX-Injected: 1', '\r\n\r\nPOST / HTTP/1.1\r\nHost: a\r\n\r\n', 'a\nb', 'a\rb', 'a\0'),
);
/** A name is stored in one spelling: of several Host headers one is sent. */
const arbitraryHeaders = fc
  .uniqueArray(fc.tuple(arbitraryName, arbitraryValue), {
    maxLength: 5,
    selector: ([name]) => name.toLowerCase(),
  })
  .map((entries) => Object.fromEntries(entries));
const arbitraryBody = fc.string({ unit: 'binary', maxLength: 40 });

describe('a message', () => {
  test('is one string if its headers are ASCII: a socket writes UTF-8', () => {
    expect(httpMessage(REQUEST_LINE, '{"a":"é🎈"}')).toBe(
      `${REQUEST_LINE}content-length: 14\r\n\r\n{"a":"é🎈"}`,
    );
  });

  test('has header values in Latin-1 and a body in UTF-8', () => {
    const bytes = bytesOf({ 'x-a': 'Grüße' }, '"é"');
    expect(bytes.includes(Buffer.from('x-a: Gr\xfc\xdfe\r\n', 'latin1'))).toBe(true);
    expect(bytes.subarray(-4)).toEqual(Buffer.from('"é"'));
    expect(bytes.includes('content-length: 4\r\n\r\n')).toBe(true);
  });

  test('has one Host, a stored one if there is one', () => {
    const hosts = (stored: Record<string, string>) => fieldsOf(stored)?.match(/^host: .*$/gim);
    expect(hosts({})).toEqual(['host: hook.example']);
    expect(hosts({ Host: 'a.example', host: 'b.example' })).toEqual(['Host: a.example']);
  });

  test(`is one request with the given headers and body, or its headers are refused, ${RUNS} inputs`, () => {
    let refused = 0;
    fc.assert(
      fc.property(arbitraryHeaders, arbitraryBody, (stored, body) => {
        if (fieldsOf(stored) === undefined) {
          expect(illegalHeader(stored)).toBeDefined();
          refused += 1;
          return;
        }
        expect(illegalHeader(stored)).toBeUndefined();
        const requests = parseRequestsByLlhttp(bytesOf(stored, body));
        expect(requests).toHaveLength(1);
        const [request] = requests ?? [];
        expect(request).toMatchObject({ target: '/a?b=c', body: Buffer.from(body).toString() });
        const received = pairs(request?.fields);
        const counts = (wanted: string) => received.filter(([name]) => name === wanted).length;
        expect(['host', 'content-length', 'connection', 'webhook-id'].map(counts)).toEqual([1, 1, 1, 1]);
        for (const [name, value] of pairs(Object.entries(stored).flat()))
          if (!NOT_SENT.has(name)) expect(received).toContainEqual([name, value]);
        expect(received.length).toBeLessThanOrEqual(8 + Object.keys(stored).length);
      }),
      { numRuns: RUNS },
    );
    expect(refused).toBeGreaterThan(RUNS / 20);
    expect(refused).toBeLessThan(RUNS * 0.95);
  });
});

/** Names in lower case, values without the spaces and tabs around them. */
function pairs(flat: unknown): [string, string][] {
  const list = flat as string[];
  return Array.from({ length: list.length / 2 }, (_, index) => [
    String(list[2 * index]).toLowerCase(),
    String(list[2 * index + 1]).replace(/^[\t ]+|[\t ]+$/g, ''),
  ]);
}
