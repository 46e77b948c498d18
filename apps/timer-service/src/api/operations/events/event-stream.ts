import type { ServerResponse } from 'node:http';
import type { LiveEvent } from './live-events.ts';

/** Bytes that may wait for a client that does not read. */
const MAX_BUFFERED_BYTES = 262_144;
/** How soon a browser connects again, in milliseconds. */
const RETRY_MS = 3_000;

/** Sends events to one client. A client that reads too slowly is dropped: it can connect again. */
export class EventStream {
  readonly #response: ServerResponse;

  /** Sends the head of the response. @param headers beside those of the stream itself */
  constructor(response: ServerResponse, headers: Readonly<Record<string, unknown>>) {
    this.#response = response;
    for (const [name, value] of Object.entries(headers))
      if (value !== undefined) response.setHeader(name, value as string);
    // The connection ends with the stream: a server that closes waits for none.
    response.shouldKeepAlive = false;
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // Proxies such as nginx would hold the events back.
      'x-accel-buffering': 'no',
    });
    this.#write(`retry: ${RETRY_MS}\n\n`);
  }

  send({ name, data }: LiveEvent): void {
    this.#write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  sendHeartbeat(): void {
    this.#write(': \n\n');
  }

  end(): void {
    this.#response.end();
    // The end of the response does not pass a client that does not read.
    if (this.#response.writableLength > 0) this.#response.destroy();
  }

  #write(text: string): void {
    if (this.#response.writableEnded || this.#response.destroyed) return;
    this.#response.write(text);
    if (this.#response.writableLength > MAX_BUFFERED_BYTES) this.#response.destroy();
  }
}
