/** Why a body could not be read, with the status to respond with. */
export class BodyError extends Error {
  override readonly name = 'BodyError';
  readonly status: 400 | 408 | 413 | 500;

  constructor(status: 400 | 408 | 413 | 500, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** The body is not available as it arrived. */
export function bodyAlreadyRead(): BodyError {
  return new BodyError(
    500,
    'The body was already read and parsed, so its signature cannot be verified: register the receiver before body parsers such as express.json(), or exclude its path from them',
  );
}

export interface BodyLimits {
  readonly maxBodyBytes: number;
  readonly bodyTimeoutMs: number;
}

interface Chunk {
  readonly done?: boolean | undefined;
  readonly value?: Uint8Array | undefined;
}

function concatenate(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const body = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    body.set(chunk, offset);
    offset += chunk.length;
  }
  return body;
}

async function readChunks(next: () => Promise<Chunk>, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await next();
    if (done === true) return concatenate(chunks, length);
    if (value === undefined) continue;
    length += value.length;
    if (length > maxBytes) throw new BodyError(413, `The body exceeds ${maxBytes} bytes`);
    chunks.push(value);
  }
}

/**
 * Reads a body within limits of size and time.
 *
 * @param next returns the next chunk, like the reader of a web stream or the iterator of a Node.js stream
 * @throws {BodyError} if it is too large, too slow or ends early
 */
export async function readBody(
  next: () => Promise<Chunk>,
  { bodyTimeoutMs, maxBodyBytes }: BodyLimits,
): Promise<Uint8Array> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new BodyError(408, `The body was not complete within ${bodyTimeoutMs} ms`));
    }, bodyTimeoutMs);
  });
  try {
    return await Promise.race([readChunks(next, maxBodyBytes), timeout]);
  } catch (error) {
    if (error instanceof BodyError) throw error;
    throw new BodyError(400, 'The body ended early', { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
