import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseByLlhttp, type ParsedResponse } from '../testing/llhttp.ts';
import { errorCode } from './connection-error.ts';
import { ResponseParser } from './response-parser.ts';

/** Inputs of each kind. For more: FUZZ_RUNS=100000 npx nx test timer-service */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 2_000);

const OK = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;

/** Parses pieces and then the end of the connection. */
function parsePieces(pieces: readonly string[]): ParsedResponse & { readonly code?: string } {
  const parser = new ResponseParser();
  let length = 0;
  try {
    for (const piece of pieces) {
      parser.push(piece);
      length += piece.length;
      if (parser.isComplete) break;
    }
  } catch (error) {
    return { kind: 'invalid', code: errorCode(error) };
  }
  const atEnd = !parser.isComplete;
  parser.end();
  return parser.isComplete && parser.head !== undefined
    ? { kind: 'complete', statusCode: parser.head.statusCode, length, atEnd }
    : { kind: 'incomplete' };
}

function piecesOf(text: string, cuts: readonly number[]): string[] {
  const ends = [...cuts.map((cut) => Math.min(cut, text.length)), text.length].sort((a, b) => a - b);
  return ends.map((end, index) => text.slice(ends[index - 1] ?? 0, end));
}

function parseByByte(text: string): ParsedResponse {
  const { kind, ...rest } = parsePieces(Array.from(text));
  return kind === 'invalid' ? { kind } : ({ kind, ...rest } as ParsedResponse);
}

/** Parses a text in one piece. */
function parsed(text: string): ResponseParser {
  const parser = new ResponseParser();
  parser.push(text);
  return parser;
}

function codeOf(...pieces: readonly string[]): string | undefined {
  return parsePieces(pieces).code;
}

describe('a response', () => {
  test.each([
    ['with a length', `${OK}Content-Length: 2\r\n\r\nok`],
    ['without a body', `${OK}content-length:0\r\n\r\n`],
    ['204', 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n'],
    ['304', 'HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['without a reason phrase', 'HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n'],
    ['of HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n'],
    ['in chunks', `${CHUNKED}2\r\nok\r\nA;a=b\r\n0123456789\r\n0\r\n\r\n`],
    ['with trailer fields', `${CHUNKED}1\r\na\r\n0\r\nA: b\r\nC: d\r\n\r\n`],
    ['of two codings', `${OK}Transfer-Encoding: gzip\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n\r\n`],
    ['with Latin-1', 'HTTP/1.1 200 \xe9\r\nA: \xe9\r\nContent-Length: 0\r\n\r\n'],
    ['after empty lines', `\r\n\r\n${OK}Content-Length: 0\r\n\r\n`],
    [
      'after interim ones',
      `HTTP/1.1 100 \r\n\r\nHTTP/1.1 103 Early\r\nLink: a\r\n\r\n${OK}Content-Length: 0\r\n\r\n`,
    ],
  ])('%s ends with its last byte, in pieces of any size', (_, text) => {
    const statusCode = Number(/HTTP\/1\.[01] ([2-5]\d\d)/.exec(text)?.[1]);
    const expected = { kind: 'complete', statusCode, length: text.length, atEnd: false };
    expect(parseByLlhttp(text)).toEqual(expected);
    fc.assert(
      fc.property(fc.array(fc.nat(text.length)), (cuts) => {
        expect(parsePieces(piecesOf(text, cuts))).toEqual(expected);
      }),
    );
    expect(parsed(text).hasSurplus).toBe(false);
    expect(parsed(`${text}H`)).toMatchObject({ isComplete: true, hasSurplus: true });
  });

  test.each([
    ['without a length', `${OK}\r\nabc`],
    ['that is not in chunks', `${OK}Transfer-Encoding: deflate, gzip\r\n\r\nabc`],
  ])('%s ends with the connection', (_, text) => {
    expect(parseByByte(text)).toEqual({
      kind: 'complete',
      statusCode: 200,
      length: text.length,
      atEnd: true,
    });
  });

  test.each([`${OK}Content-Length: 3\r\n\r\nab`, `${CHUNKED}1\r\na\r\n`, `${CHUNKED}0\r\n`, OK, 'HTTP/1.'])(
    'that breaks off is incomplete: %j',
    (text) => {
      expect(parseByByte(text)).toEqual({ kind: 'incomplete' });
    },
  );

  test('has a status before its body has ended', () => {
    expect(parsed(`${OK}Content-Length: 3\r\n\r\na`)).toMatchObject({
      head: { statusCode: 200 },
      isComplete: false,
    });
  });

  test('can be followed by one to another request', () => {
    const parser = parsed(`${OK}Content-Length: 2\r\n\r\nokX`);
    parser.reset();
    expect(parser).toMatchObject({ head: undefined, isComplete: false, hasSurplus: false, bytes: 0 });
    parser.push('HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n');
    expect(parser).toMatchObject({ head: { statusCode: 503 }, isComplete: true, hasSurplus: false });
  });

  test('after an error can be followed by one to another request', () => {
    const parser = new ResponseParser();
    expect(() => {
      parser.push(`${OK}A: b\nHTTP/1.1 500 `);
    }).toThrow('not valid HTTP');
    parser.reset();
    parser.push(`${OK}Content-Length: 0\r\n\r\n`);
    expect(parser.head?.statusCode).toBe(200);
  });
});

describe('a connection', () => {
  test.each([
    ['', true],
    ['Connection: keep-alive\r\n', true],
    ['Connection: close\r\n', false],
    ['Connection: a, Close\r\n', false],
    ['Connection: a\r\nConnection: close \r\n', false],
    ['Connection: closed\r\n', true],
  ])('with %j is kept: %p', (fields, keepsAlive) => {
    expect(parsed(`${OK}${fields}Content-Length: 0\r\n\r\n`).head).toMatchObject({ keepsAlive });
  });

  test.each([
    ['', false],
    ['Connection: Keep-Alive\r\n', true],
    ['Connection: keep-alive, close\r\n', false],
  ])('of HTTP/1.0 with %j is kept: %p', (fields, keepsAlive) => {
    const text = `HTTP/1.0 200 OK\r\n${fields}Content-Length: 0\r\n\r\n`;
    expect(parsed(text).head).toMatchObject({ keepsAlive });
  });

  test.each([
    ['timeout=5, max=100', 5],
    ['max=100,Timeout=30', 30],
    ['max=100', undefined],
    ['xtimeout=5', undefined],
    ['timeout=', undefined],
  ])('with Keep-Alive: %s is kept for %p s', (value, keepAliveSeconds) => {
    expect(parsed(`${OK}Keep-Alive: ${value}\r\n\r\n`).head).toMatchObject({ keepAliveSeconds });
  });

  test('Retry-After is passed on without the spaces around it, the first of several', () => {
    const { head } = parsed(`HTTP/1.1 503 Busy\r\nRetry-After: \t12 \r\nretry-after: 13\r\n\r\n`);
    expect(head).toMatchObject({ retryAfter: '12' });
  });
});

describe('what llhttp rejects is rejected', () => {
  test.each([
    ['a line feed alone', 'HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n'],
    ['a line feed alone after a field', `${OK}Content-Length: 0\n\r\n`],
    ['a carriage return in a value', `${OK}A: b\rc\r\nContent-Length: 0\r\n\r\n`],
    ['a folded field', `${OK}A: b\r\n c\r\nContent-Length: 0\r\n\r\n`],
    ['a space before the colon', `${OK}Content-Length : 0\r\n\r\n`],
    ['a space before the first field', `${OK} Content-Length: 0\r\n\r\n`],
    ['a field without a name', `${OK}: a\r\nContent-Length: 0\r\n\r\n`],
    ['a field without a colon', `${OK}a\r\nContent-Length: 0\r\n\r\n`],
    ['a control character', `${OK}A: \x01\r\nContent-Length: 0\r\n\r\n`],
    ['two lengths', `${OK}Content-Length: 0\r\nContent-Length: 0\r\n\r\n`],
    ['a list of lengths', `${OK}Content-Length: 0, 0\r\n\r\n`],
    ['a length and a coding', `${OK}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['a coding and a length', `${OK}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`],
    ['a signed length', `${OK}Content-Length: +0\r\n\r\n`],
    ['an empty length', `${OK}Content-Length:\r\n\r\n`],
    ['a hexadecimal length', `${OK}Content-Length: 0x1\r\n\r\na`],
    ['a length of 20 digits', `${OK}Content-Length: 99999999999999999999\r\n\r\n`],
    ['a chunk size with a prefix', `${CHUNKED}0x0\r\n\r\n`],
    ['a negative chunk size', `${CHUNKED}-1\r\n\r\n`],
    ['an empty chunk size', `${CHUNKED}\r\n\r\n`],
    ['a space after a chunk size', `${CHUNKED}0 \r\n\r\n`],
    ['a chunk that is too long', `${CHUNKED}1\r\nab\r\n0\r\n\r\n`],
    ['a trailer without a colon', `${CHUNKED}0\r\na\r\n\r\n`],
    ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['another version', 'HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n'],
    ['lower case', 'http/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
    ['a status of two digits', 'HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n'],
    ['a status of four digits', 'HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n'],
    ['two spaces before the status', 'HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n'],
  ])('%s', (_, text) => {
    expect(parseByLlhttp(text)).toEqual({ kind: 'invalid' });
    expect(codeOf(text)).toBe('ERR_INVALID_RESPONSE');
    expect(parseByByte(text)).toEqual({ kind: 'invalid' });
  });

  test('what is not HTTP is rejected before the end of a line', () => {
    // A TLS alert, the answer to plain HTTP on a port for TLS.
    expect(codeOf('\x15\x03\x01\x00\x02\x02\x46')).toBe('ERR_INVALID_RESPONSE');
    expect(codeOf('HTT', 'X')).toBe('ERR_INVALID_RESPONSE');
  });
});

describe('rejected although llhttp accepts it', () => {
  test.each([
    ['a status below 100', 'HTTP/1.1 000 OK\r\nContent-Length: 0\r\n\r\n'],
    ['HTTP/2.0 as text', 'HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n'],
    ['a control character in the reason phrase', 'HTTP/1.1 200 \x01\r\nContent-Length: 0\r\n\r\n'],
    ['chunks not at last', `${OK}Transfer-Encoding: chunked, gzip\r\n\r\n`],
    ['chunks in chunks', `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['a coding without a name', `${OK}Transfer-Encoding:\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['a coding with a parameter', `${OK}Transfer-Encoding: gzip;q=1\r\n\r\n`],
    ['101, which ends HTTP', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
  ])('%s', (_, text) => {
    expect(parseByLlhttp(text)).not.toEqual({ kind: 'invalid' });
    expect(codeOf(text)).toBe('ERR_INVALID_RESPONSE');
  });
});

describe('limits', () => {
  const field = `A: ${'b'.repeat(1_000)}\r\n`;

  test('of a head', () => {
    expect(codeOf(OK, ...Array<string>(16).fill(field), '\r\n')).toBeUndefined();
    expect(codeOf(OK, ...Array<string>(17).fill(field))).toBe('ERR_RESPONSE_HEADERS_TOO_LARGE');
    expect(codeOf(`${OK}A: ${'b'.repeat(20_000)}`)).toBe('ERR_RESPONSE_HEADERS_TOO_LARGE');
    expect(codeOf(OK, 'A: ', ...Array<string>(20_000).fill('b'))).toBe('ERR_RESPONSE_HEADERS_TOO_LARGE');
  });

  test('of trailer fields and of lines between chunks', () => {
    expect(codeOf(`${CHUNKED}0\r\n`, ...Array<string>(17).fill(field))).toBe(
      'ERR_RESPONSE_HEADERS_TOO_LARGE',
    );
    expect(codeOf(`${CHUNKED}1;${'x'.repeat(20_000)}`)).toBe('ERR_RESPONSE_HEADERS_TOO_LARGE');
  });

  test('of a body', () => {
    expect(codeOf(`${OK}\r\n`, 'x'.repeat(65_536))).toBeUndefined();
    expect(codeOf(`${OK}\r\n`, 'x'.repeat(65_537))).toBe('ERR_RESPONSE_TOO_LARGE');
    expect(codeOf(`${CHUNKED}10000\r\n${'x'.repeat(65_536)}\r\n`)).toBeUndefined();
    expect(codeOf(`${CHUNKED}10000\r\n${'x'.repeat(65_536)}\r\n1\r\na`)).toBe('ERR_RESPONSE_TOO_LARGE');
    expect(codeOf(`${CHUNKED}${'f'.repeat(24)}\r\n${'x'.repeat(65_537)}`)).toBe('ERR_RESPONSE_TOO_LARGE');
  });

  test('of everything, also of what is not part of a head or body', () => {
    expect(codeOf(...Array<string>(9).fill('\r\n'.repeat(16_384)))).toBe('ERR_RESPONSE_TOO_LARGE');
    const tinyChunks = '1;extension\r\na\r\n'.repeat(20_000);
    expect(codeOf(`${CHUNKED}${tinyChunks}`)).toBe('ERR_RESPONSE_TOO_LARGE');
  });

  test('of interim responses', () => {
    const interim = 'HTTP/1.1 103 Early Hints\r\n\r\n';
    const final = `${OK}Content-Length: 0\r\n\r\n`;
    expect(codeOf(interim.repeat(10) + final)).toBeUndefined();
    expect(codeOf(interim.repeat(11) + final)).toBe('ERR_TOO_MANY_INTERIM_RESPONSES');
  });

  test.each(['Retry-After', 'Content-Length', 'Transfer-Encoding', 'Connection', 'Keep-Alive', 'Other'])(
    'a value of %s that is nearly all spaces takes no more than linear time',
    (name) => {
      const spaces = ' '.repeat(16_000);
      for (let n = 0; n < 100; n += 1) codeOf(`${OK}${name}:${spaces}close${spaces.slice(0, 200)}x\r\n\r\n`);
      for (let n = 0; n < 100; n += 1) codeOf(`${OK}${name}: 1${spaces}x\r\n\r\n`);
      expect(codeOf(`${OK}${name}:${spaces}\x01\r\n`)).toBe('ERR_INVALID_RESPONSE');
    },
  );
});

/** Parts of responses, correct and nearly correct. */
const STARTS = [
  OK,
  OK,
  OK,
  'HTTP/1.1 204 No Content\r\n',
  'HTTP/1.0 503 \r\n',
  `HTTP/1.1 100 Continue\r\n\r\n${OK}`,
  `\r\n${OK}`,
];
const FIELDS = [
  'Content-Length: 3\r\n',
  'content-length:0\r\n',
  'Content-Length: 3 \t\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: chunked \r\n',
  'Transfer-Encoding: chunked,\r\n',
  'Transfer-Encoding: chunked;a=b\r\n',
  'Transfer-Encoding:\r\n',
  'Transfer-Encoding: , chunked\r\n',
  'Transfer-Encoding: gzip,\tchunked\r\n',
  'Transfer-Encoding: gzip chunked\r\n',
  'Transfer-Encoding: chunked, chunked\r\n',
  'Transfer-Encoding: xchunked\r\n',
  'Transfer-Encoding: gzip\r\n',
  'Connection: close\r\n',
  'Connection: keep-alive, upgrade\r\n',
  'Upgrade: h2c\r\n',
  'A: b\r\n',
  'A:\r\n',
  ' folded\r\n',
];
const BODIES = [
  'abc',
  '3\r\nabc\r\n',
  '3\r\nabc\r\n',
  '003;x="y"\r\nabc\r\n',
  '3;\r\nabc\r\n',
  '0\r\n\r\n',
  '0\r\n\r\n',
  '0\r\nT: t\r\n\r\n',
  OK,
];

/** A response in which up to two places have been changed. */
const arbitraryResponse = fc
  .tuple(
    fc.constantFrom(...STARTS),
    fc.array(fc.constantFrom(...FIELDS), { maxLength: 3 }),
    fc.array(fc.constantFrom(...BODIES), { maxLength: 4 }),
    fc.array(
      fc.tuple(
        fc.nat(200),
        fc.nat(2),
        fc.constantFrom('', '\r', '\n', '\t', ' ', ',', ';', ':', '0', 'a', '\x00', '\xa0'),
      ),
      {
        maxLength: 2,
      },
    ),
  )
  .map(([start, fields, bodies, changes]) => {
    let text = `${start}${fields.join('')}\r\n${bodies.join('')}`;
    for (const [position, removed, added] of changes) {
      const at = position % (text.length + 1);
      text = text.slice(0, at) + added + text.slice(at + removed);
    }
    return text;
  });

describe('compared with llhttp, byte by byte', () => {
  test(`a response that is accepted has the same status and end there, ${RUNS} inputs`, () => {
    let completed = 0;
    fc.assert(
      fc.property(arbitraryResponse, (text) => {
        const ours = parseByByte(text);
        const theirs = parseByLlhttp(text);
        if (ours.kind !== 'invalid' && (ours.kind === 'complete' || theirs.kind === 'complete'))
          expect(ours).toEqual(theirs);
        if (ours.kind === 'complete') completed += 1;
      }),
      { numRuns: RUNS },
    );
    // The inputs are close enough to responses for the comparison to mean something.
    expect(completed).toBeGreaterThan(RUNS / 20);
  });

  test(`the size of the pieces makes no difference, ${RUNS} inputs`, () => {
    fc.assert(
      fc.property(arbitraryResponse, fc.array(fc.nat(200), { maxLength: 5 }), (text, cuts) => {
        const byByte = parseByByte(text);
        const byPiece = parsePieces(piecesOf(text, cuts));
        expect(byPiece.kind).toBe(byByte.kind);
        if (byPiece.kind === 'complete') expect(byByte).toMatchObject({ statusCode: byPiece.statusCode });
      }),
      { numRuns: RUNS },
    );
  });
});
