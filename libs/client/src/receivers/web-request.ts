import { bodyAlreadyRead, type BodyLimits, readBody } from './read-body.ts';
import type { ReceiverRequest } from './receiver.ts';

async function bodyOf(request: Request, limits: BodyLimits): Promise<Uint8Array> {
  if (request.bodyUsed) throw bodyAlreadyRead();
  const reader = request.body?.getReader();
  if (reader === undefined) return new Uint8Array();
  try {
    return await readBody(() => reader.read(), limits);
  } catch (error) {
    // Releases the connection. It may have failed already.
    reader.cancel().catch(() => undefined);
    throw error;
  }
}

/** The parts of a web request that a receiver uses. */
export function fromWebRequest(request: Request, limits: BodyLimits): ReceiverRequest {
  return {
    method: request.method,
    headers: request.headers,
    body: () => bodyOf(request, limits),
    signal: request.signal,
  };
}
