import { TOKEN } from './http-syntax.ts';
import { InvalidResponseError, ResponseLimitError } from './response-error.ts';
import { checkField, type ResponseHead, ResponseHeadReader } from './response-head.ts';

/** A response of this client is a status: more than this of a body is not read. */
const MAX_BODY_BYTES = 65_536;
/** Of one head, of the trailer fields, or of one line between chunks. */
const MAX_HEAD_BYTES = 16_384;
/** Of everything: interim responses, empty lines, head, framing and body. */
const MAX_BYTES = 262_144;
const MAX_INTERIM_RESPONSES = 10;

const VERSION = 'HTTP/1.';
const CR = 0x0d;
const LF = 0x0a;

// RFC 9112, section 7.1.1, without the spaces that it calls bad and without escapes.
const QUOTED = /"[\t\x20\x21\x23-\x5b\x5d-\x7e\x80-\xff]*"/.source;
const CHUNK_LINE = new RegExp(`^([0-9A-Fa-f]{1,24})(?:;${TOKEN}(?:=(?:${TOKEN}|${QUOTED}))?)*$`);

/** A line of the head or of the framing. */
type LinePart = 'status line' | 'header field' | 'chunk line' | 'end of chunk' | 'trailer field';
type BodyPart = 'body' | 'body until close' | 'chunk';

function isBodyPart(part: LinePart | BodyPart): part is BodyPart {
  return part === 'body' || part === 'chunk' || part === 'body until close';
}

/**
 * Parses one response to a POST request (RFC 9112), in pieces of any size. Accepts no more than llhttp in its strict
 * mode: lines end with CRLF, fields are not folded, and a body has one length. The body is counted and discarded.
 *
 * A method for each part reads it and decides which one is next. After an error the parser must be {@link reset}.
 */
export class ResponseParser {
  /** What is read next. */
  #part: LinePart | BodyPart | 'nothing' = 'status line';
  #reader: ResponseHeadReader | undefined;
  #head: ResponseHead | undefined;
  /** The beginning of a line whose end has not been received. */
  #line = '';
  /** Of the body or chunk. */
  #bytesLeft = 0;
  #bytes = 0;
  #headBytes = 0;
  #bodyBytes = 0;
  #interimResponses = 0;
  #hasSurplus = false;

  /** Of the final response, once it has been received; the body may follow. */
  get head(): ResponseHead | undefined {
    return this.#head;
  }

  /** Since the last {@link reset}. */
  get bytes(): number {
    return this.#bytes;
  }

  get isComplete(): boolean {
    return this.#part === 'nothing';
  }

  /** Whether anything follows the response, so that the connection cannot be used again. */
  get hasSurplus(): boolean {
    return this.#hasSurplus;
  }

  /** The next response is that to another request. */
  reset(): void {
    this.#head = undefined;
    this.#bytes = 0;
    this.#bodyBytes = 0;
    this.#interimResponses = 0;
    this.#hasSurplus = false;
    this.#startHead();
  }

  /**
   * @param text the bytes as Latin-1, a character for each
   * @throws {InvalidResponseError} @throws {ResponseLimitError}
   */
  push(text: string): void {
    this.#bytes += text.length;
    if (this.#bytes > MAX_BYTES) throw new ResponseLimitError('ERR_RESPONSE_TOO_LARGE');
    let at = 0;
    while (at < text.length) {
      const part = this.#part;
      if (part === 'nothing') {
        this.#hasSurplus = true;
        return;
      }
      at = isBodyPart(part) ? this.#readBody(part, text, at) : this.#readLine(part, text, at);
    }
  }

  /** The receiver has closed its side: the end of a body without a length. */
  end(): void {
    if (this.#part === 'body until close') this.#part = 'nothing';
  }

  #startHead(): void {
    this.#part = 'status line';
    this.#reader = undefined;
    this.#line = '';
    this.#headBytes = 0;
  }

  /** Returns the position after what was read. */
  #readBody(part: BodyPart, text: string, at: number): number {
    const available = text.length - at;
    const length = part === 'body until close' ? available : Math.min(available, this.#bytesLeft);
    this.#bodyBytes += length;
    if (this.#bodyBytes > MAX_BODY_BYTES) throw new ResponseLimitError('ERR_RESPONSE_TOO_LARGE');
    this.#bytesLeft -= length;
    if (part === 'body' && this.#bytesLeft === 0) this.#part = 'nothing';
    else if (part === 'chunk' && this.#bytesLeft === 0) this.#part = 'end of chunk';
    return at + length;
  }

  /** Returns the position after what was read. */
  #readLine(part: LinePart, text: string, start: number): number {
    const at = part === 'status line' && this.#line === '' ? afterEmptyLines(text, start) : start;
    const lineFeed = text.indexOf('\n', at);
    const end = lineFeed === -1 ? text.length : lineFeed;
    this.#headBytes += end - at;
    if (this.#headBytes > MAX_HEAD_BYTES) throw new ResponseLimitError('ERR_RESPONSE_HEADERS_TOO_LARGE');
    const line = this.#line + text.slice(at, end);
    if (lineFeed === -1) this.#lineBegun(part, line);
    else {
      this.#line = '';
      if (line.charCodeAt(line.length - 1) !== CR) throw new InvalidResponseError();
      this.#lineRead(part, line.slice(0, -1));
    }
    return end + 1;
  }

  #lineBegun(part: LinePart, line: string): void {
    // What is not HTTP, such as a TLS alert, may have no line at all.
    if (part === 'status line' && !VERSION.startsWith(line.slice(0, VERSION.length)))
      throw new InvalidResponseError();
    this.#line = line;
  }

  #lineRead(part: LinePart, line: string): void {
    switch (part) {
      case 'status line':
        this.#statusLineRead(line);
        break;
      case 'header field':
        if (line === '') this.#headRead();
        else this.#reader?.readField(line);
        break;
      case 'chunk line':
        this.#chunkLineRead(line);
        break;
      case 'end of chunk':
        this.#chunkRead(line);
        break;
      case 'trailer field':
        this.#trailerLineRead(line);
        break;
    }
  }

  #statusLineRead(line: string): void {
    this.#reader = new ResponseHeadReader(line);
    this.#part = 'header field';
  }

  #headRead(): void {
    const head = this.#reader?.end();
    if (head === undefined) throw new InvalidResponseError();
    if (head.statusCode < 200) this.#interimHeadRead(head);
    else this.#finalHeadRead(head);
  }

  #interimHeadRead({ keepsAlive, statusCode }: ResponseHead): void {
    // 101 would end HTTP on this connection, and was not asked for.
    if (statusCode === 101 || !keepsAlive) throw new InvalidResponseError();
    this.#interimResponses += 1;
    if (this.#interimResponses > MAX_INTERIM_RESPONSES)
      throw new ResponseLimitError('ERR_TOO_MANY_INTERIM_RESPONSES');
    this.#startHead();
  }

  #finalHeadRead(head: ResponseHead): void {
    this.#head = head;
    this.#reader = undefined;
    if (head.framing === 'chunked') this.#startChunk();
    else if (head.framing === 'until-close') this.#part = 'body until close';
    else {
      this.#bytesLeft = head.framing;
      this.#part = head.framing === 0 ? 'nothing' : 'body';
    }
  }

  #startChunk(): void {
    this.#headBytes = 0;
    this.#part = 'chunk line';
  }

  #chunkLineRead(line: string): void {
    const size = CHUNK_LINE.exec(line)?.[1];
    if (size === undefined) throw new InvalidResponseError();
    // Inexact above 2^53: far above the limit of a body.
    this.#bytesLeft = Number.parseInt(size, 16);
    this.#headBytes = 0;
    this.#part = this.#bytesLeft === 0 ? 'trailer field' : 'chunk';
  }

  #chunkRead(line: string): void {
    if (line !== '') throw new InvalidResponseError();
    this.#startChunk();
  }

  #trailerLineRead(line: string): void {
    if (line === '') this.#part = 'nothing';
    else checkField(line);
  }
}

/** Receivers may send empty lines before a status line (RFC 9112, section 2.2, of requests). */
function afterEmptyLines(text: string, start: number): number {
  let at = start;
  while (at < text.length && (text.charCodeAt(at) === CR || text.charCodeAt(at) === LF)) at += 1;
  return at;
}
