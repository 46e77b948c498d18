import { createRequire } from 'node:module';

/** Node.js's binding of llhttp, as its HTTP client uses it. */
interface LlhttpParser {
  [callback: number]: (...values: unknown[]) => number | undefined;
  initialize(type: number, resource: object, maxHeaderSize: number, lenientFlags: number): void;
  /** Returns the number of bytes, or the error. */
  execute(bytes: Buffer): number | Error;
  finish(): Error | undefined;
}

interface LlhttpParserClass {
  readonly REQUEST: number;
  readonly RESPONSE: number;
  readonly kOnHeadersComplete: number;
  readonly kOnBody: number;
  readonly kOnMessageComplete: number;
  new (): LlhttpParser;
}

const { HTTPParser } = createRequire(import.meta.url)('node:_http_common') as {
  HTTPParser: LlhttpParserClass;
};

/** Positions in the arguments of kOnHeadersComplete. */
const FIELDS = 2;
const TARGET = 4;
const STATUS_CODE = 5;

/** What a parser makes of the bytes of a response. */
export type ParsedResponse =
  | { readonly kind: 'invalid' }
  /** `atEnd`: only the end of the connection completed it. */
  | {
      readonly kind: 'complete';
      readonly statusCode: number;
      readonly length: number;
      readonly atEnd: boolean;
    }
  | { readonly kind: 'incomplete' };

/** Parses the first final response with llhttp, byte by byte, in its strict mode. */
export function parseByLlhttp(text: string): ParsedResponse {
  const bytes = Buffer.from(text, 'latin1');
  const parser = new HTTPParser();
  parser.initialize(HTTPParser.RESPONSE, {}, 0, 0);
  let statusCode = 0;
  const seen = { isComplete: false };
  parser[HTTPParser.kOnHeadersComplete] = (...values) => {
    statusCode = Number(values[STATUS_CODE]);
    return 0;
  };
  parser[HTTPParser.kOnBody] = () => undefined;
  parser[HTTPParser.kOnMessageComplete] = () => {
    seen.isComplete ||= statusCode >= 200;
    return undefined;
  };
  for (let length = 1; length <= bytes.length; length += 1) {
    if (typeof parser.execute(bytes.subarray(length - 1, length)) !== 'number') return { kind: 'invalid' };
    if (seen.isComplete) return { kind: 'complete', statusCode, length, atEnd: false };
  }
  const isFinished = parser.finish() === undefined;
  return isFinished && seen.isComplete
    ? { kind: 'complete', statusCode, length: bytes.length, atEnd: true }
    : { kind: 'incomplete' };
}

export interface ParsedRequest {
  readonly target: unknown;
  /** Names and values in turn. */
  readonly fields: unknown;
  readonly body: string;
}

/** Parses requests with llhttp; undefined if they are not valid. */
export function parseRequestsByLlhttp(bytes: Buffer): ParsedRequest[] | undefined {
  const parser = new HTTPParser();
  parser.initialize(HTTPParser.REQUEST, {}, 0, 0);
  const requests: ParsedRequest[] = [];
  let head: unknown[] = [];
  let body: Buffer[] = [];
  parser[HTTPParser.kOnHeadersComplete] = (...values) => {
    head = values;
    body = [];
    return 0;
  };
  parser[HTTPParser.kOnBody] = (chunk) => {
    body.push(Buffer.from(chunk as Buffer));
    return undefined;
  };
  parser[HTTPParser.kOnMessageComplete] = () => {
    requests.push({ target: head[TARGET], fields: head[FIELDS], body: Buffer.concat(body).toString() });
    return undefined;
  };
  return typeof parser.execute(bytes) === 'number' && parser.finish() === undefined ? requests : undefined;
}
