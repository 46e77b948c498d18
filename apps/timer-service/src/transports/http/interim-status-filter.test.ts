import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { InterimStatusFilter } from './interim-status-filter.ts';

/** Applies the filter to a text that arrives in pieces. */
function filtered(text: string, pieces: readonly number[] = []): string {
  const filter = new InterimStatusFilter();
  const bytes = Buffer.from(text, 'latin1');
  const ends = [...new Set([...pieces.map((piece) => piece % bytes.length), bytes.length])];
  let start = 0;
  for (const end of ends.sort((a, b) => a - b)) {
    filter.apply(bytes.subarray(start, end));
    start = end;
  }
  return bytes.toString('latin1');
}

const FINAL = 'HTTP/1.1 200 OK\r\ncontent-length: 14\r\n\r\nHTTP/1.1 100 C';

test.each([
  ['HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 102 Continue\r\n\r\n'],
  ['\r\n\r\nHTTP/1.0 100\r\nA: b\r\n\r\n', '\r\n\r\nHTTP/1.0 102\r\nA: b\r\n\r\n'],
  ['HTTP/1.1 100 A\nB: HTTP/1.1 100\n\n', 'HTTP/1.1 102 A\nB: HTTP/1.1 100\n\n'],
  ['HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 100 A\r\n\r\n', 'HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 102 A\r\n\r\n'],
  ['', ''],
])('changes the status of %j, and not of the final response, in any pieces', (interim, expected) => {
  fc.assert(
    fc.property(fc.array(fc.nat()), (pieces) => {
      expect(filtered(interim + FINAL, pieces)).toBe(expected + FINAL);
    }),
  );
});

test('starts again with the next request', () => {
  const filter = new InterimStatusFilter();
  filter.apply(Buffer.from(FINAL));
  filter.reset();
  const next = Buffer.from('HTTP/1.1 100 C\r\n\r\n');
  filter.apply(next);
  expect(next.toString()).toBe('HTTP/1.1 102 C\r\n\r\n');
});
