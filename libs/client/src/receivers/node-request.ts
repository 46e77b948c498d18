import type { IncomingMessage, ServerResponse } from 'node:http';
import { bodyAlreadyRead, type BodyLimits, readBody } from './read-body.ts';
import type { ReceiverRequest } from './receiver.ts';

/** What body parsers add to a request. */
interface WithParsedBody {
  readonly body?: unknown;
  /** The body as received, which some platforms keep beside the parsed one. */
  readonly rawBody?: unknown;
}

/** The bytes of a body that a parser has read but not changed, such as `express.raw()`. */
function keptBody({ body, rawBody }: WithParsedBody): Uint8Array | undefined {
  for (const kept of [rawBody, body]) {
    if (kept instanceof Uint8Array) return kept;
    if (typeof kept === 'string') return new TextEncoder().encode(kept);
  }
  return undefined;
}

/** Whether the body was read by something that did not keep its bytes. */
export function isBodyLost(request: IncomingMessage & WithParsedBody): boolean {
  return request.readableDidRead && keptBody(request) === undefined;
}

async function bodyOf(request: IncomingMessage & WithParsedBody, limits: BodyLimits): Promise<Uint8Array> {
  const kept = keptBody(request);
  if (kept !== undefined) return kept;
  if (request.readableDidRead) throw bodyAlreadyRead();
  // Its return() is not called, which would close the connection before the response.
  const chunks: AsyncIterator<Uint8Array, undefined> = request[Symbol.asyncIterator]();
  return readBody(() => chunks.next(), limits);
}

/** Aborted when the connection closes before the response is complete. */
export function disconnectSignal(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) controller.abort(new Error('The connection was closed'));
  });
  return controller.signal;
}

/** The parts of a request of Node.js that a receiver uses. */
export function fromNodeRequest(
  request: IncomingMessage,
  response: ServerResponse,
  limits: BodyLimits,
): ReceiverRequest {
  return {
    method: request.method ?? '',
    headers: request.headers,
    body: () => bodyOf(request, limits),
    signal: disconnectSignal(response),
  };
}
