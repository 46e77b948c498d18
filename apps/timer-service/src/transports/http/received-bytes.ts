import type { Socket } from 'node:net';
import { InterimStatusFilter } from './interim-status-filter.ts';

/** For one response: head, interim responses, framing and body, and what follows it on an idle connection. */
const MAX_BYTES = 262_144;

class ResponseTooLargeError extends Error {
  override readonly name = 'ResponseTooLargeError';
  readonly code = 'ERR_RESPONSE_TOO_LARGE';

  constructor() {
    super('The response is too large');
  }
}

/**
 * Watches what a connection receives before undici parses it: limits bytes that undici does not report, such as empty
 * lines before a response and chunk extensions, and applies the {@link InterimStatusFilter}.
 */
export class ReceivedBytes {
  #count = 0;
  readonly #filter = new InterimStatusFilter();

  /** Since the last {@link reset}. */
  get count(): number {
    return this.#count;
  }

  /** A request is about to be written. */
  reset(): void {
    this.#count = 0;
    this.#filter.reset();
  }

  /** undici reads its sockets by calling `read`, until there is nothing more. */
  watch(socket: Socket): void {
    const read = socket.read.bind(socket);
    this.reset();
    socket.read = (size?: number): unknown => {
      const chunk: unknown = read(size);
      if (!Buffer.isBuffer(chunk)) return chunk;
      this.#count += chunk.length;
      if (this.#count > MAX_BYTES) {
        socket.destroy(new ResponseTooLargeError());
        return null;
      }
      this.#filter.apply(chunk);
      return chunk;
    };
  }
}
