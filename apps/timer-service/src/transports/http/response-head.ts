import { FIELD_VALUE, TOKEN } from './http-syntax.ts';
import { InvalidResponseError } from './response-error.ts';

/** How the length of a body is known: bytes, or where it ends. */
export type BodyFraming = number | 'chunked' | 'until-close';

/** What the client needs of a status line and its header fields. */
export interface ResponseHead {
  readonly statusCode: number;
  readonly retryAfter: string | undefined;
  readonly framing: BodyFraming;
  /** Whether the receiver keeps the connection open after this response. */
  readonly keepsAlive: boolean;
  /** For how long, if the receiver says so (`Keep-Alive: timeout`). */
  readonly keepAliveSeconds: number | undefined;
}

// RFC 9112, section 4. Status codes of less than three digits or below 100 are not valid.
const STATUS_LINE = new RegExp(`^HTTP/1\\.([01]) ([1-9][0-9]{2})(?: ${FIELD_VALUE})?$`);
// RFC 9112, section 5: no space before the colon. A value is not folded over lines.
const FIELD = new RegExp(`^${TOKEN}:${FIELD_VALUE}$`);
/** As llhttp reads it: no tab after the digits. */
const CONTENT_LENGTH = /^[ \t]*([0-9]{1,15}) *$/;
const HAS_CLOSE = /(?:^|,)[ \t]*close[ \t]*(?:,|$)/i;
const HAS_KEEP_ALIVE = /(?:^|,)[ \t]*keep-alive[ \t]*(?:,|$)/i;
/** RFC 9112, section 6.1, without parameters, empty elements, and tabs where llhttp overlooks `chunked`. */
const TRANSFER_CODINGS = /^[ \t]*[0-9A-Za-z-]+(?: *,[ \t]*[0-9A-Za-z-]+)* *$/;
const KEEP_ALIVE_TIMEOUT = /(?:^|[,; \t])timeout=([0-9]{1,9})/i;

/** Collects the lines of one head. */
export class ResponseHeadReader {
  readonly #statusCode: number;
  readonly #isVersion10: boolean;
  #retryAfter: string | undefined;
  #contentLength: number | undefined;
  #transferEncoding: string | undefined;
  #connection: string | undefined;
  #keepAlive: string | undefined;

  /** @throws {InvalidResponseError} */
  constructor(statusLine: string) {
    const [, minorVersion, statusCode] = STATUS_LINE.exec(statusLine) ?? [];
    if (statusCode === undefined) throw new InvalidResponseError();
    this.#statusCode = Number(statusCode);
    this.#isVersion10 = minorVersion === '0';
  }

  /** @throws {InvalidResponseError} */
  readField(line: string): void {
    checkField(line);
    const colon = line.indexOf(':');
    const value = line.slice(colon + 1);
    switch (line.slice(0, colon).toLowerCase()) {
      case 'content-length':
        this.#readContentLength(value);
        break;
      case 'transfer-encoding':
        this.#transferEncoding = joined(this.#transferEncoding, value);
        break;
      case 'connection':
        this.#connection = joined(this.#connection, value);
        break;
      case 'keep-alive':
        this.#keepAlive = joined(this.#keepAlive, value);
        break;
      case 'retry-after':
        this.#retryAfter ??= value.trim();
        break;
    }
  }

  /** @throws {InvalidResponseError} if there are two lengths, so that receiver and client may read different ones */
  end(): ResponseHead {
    if (this.#contentLength !== undefined && this.#transferEncoding !== undefined)
      throw new InvalidResponseError();
    const timeout = KEEP_ALIVE_TIMEOUT.exec(this.#keepAlive ?? '')?.[1];
    const connection = this.#connection ?? '';
    return {
      statusCode: this.#statusCode,
      retryAfter: this.#retryAfter,
      framing: this.#framing(),
      keepsAlive: !HAS_CLOSE.test(connection) && (!this.#isVersion10 || HAS_KEEP_ALIVE.test(connection)),
      keepAliveSeconds: timeout === undefined ? undefined : Number(timeout),
    };
  }

  #readContentLength(value: string): void {
    const digits = CONTENT_LENGTH.exec(value)?.[1];
    if (this.#contentLength !== undefined || digits === undefined) throw new InvalidResponseError();
    this.#contentLength = Number(digits);
  }

  /** RFC 9112, section 6.3, for a response to POST. */
  #framing(): BodyFraming {
    if (this.#statusCode < 200 || this.#statusCode === 204 || this.#statusCode === 304) return 0;
    if (this.#transferEncoding === undefined) return this.#contentLength ?? 'until-close';
    return isChunked(this.#transferEncoding) ? 'chunked' : 'until-close';
  }
}

/** @throws {InvalidResponseError} if a body is in chunks but not at last: its end could be read in two ways */
function isChunked(transferEncoding: string): boolean {
  if (!TRANSFER_CODINGS.test(transferEncoding)) throw new InvalidResponseError();
  const codings = transferEncoding.toLowerCase().split(',');
  const position = codings.findIndex((coding) => coding.trim() === 'chunked');
  if (position !== -1 && position < codings.length - 1) throw new InvalidResponseError();
  return position !== -1;
}

/** @throws {InvalidResponseError} if a line is not a header or trailer field */
export function checkField(line: string): void {
  if (!FIELD.test(line)) throw new InvalidResponseError();
}

function joined(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before},${value}`;
}
