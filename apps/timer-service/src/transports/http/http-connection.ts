import type { Socket } from 'node:net';
import { Client, type Dispatcher } from 'undici';
import type { Connect } from '../egress/guarded-connector.ts';
import { ReceivedBytes } from './received-bytes.ts';

export interface HttpRequest {
  readonly path: string;
  /** Names and values in turn. */
  readonly headers: string[];
  readonly body: string | null;
}

/** Keeps connections between requests. */
interface ConnectionOwner {
  /** The connection can send another request. */
  idle(connection: HttpConnection): void;
  closed(connection: HttpConnection): void;
}

/** Sends requests to one origin, one at a time, over one socket that is kept alive between them. */
export class HttpConnection {
  readonly origin: string;
  readonly #client: Client;
  readonly #owner: ConnectionOwner;
  /** Connecting or connected. */
  #socket: Socket | undefined;
  readonly #received = new ReceivedBytes();
  #hasServed = false;
  #isBusy = false;
  #onFree: (() => void) | undefined;
  #isClosed = false;

  /** @param maxKeepAliveMs up to which a receiver's `Keep-Alive: timeout` applies */
  constructor(origin: string, connect: Connect, owner: ConnectionOwner, maxKeepAliveMs: number) {
    this.origin = origin;
    this.#owner = owner;
    this.#client = new Client(origin, {
      connect: (target, callback) => {
        this.#hasServed = false;
        this.#socket = connect(target, (...result) => {
          if (result[0] === null) this.#received.watch(result[1]);
          callback(...result);
        });
      },
      keepAliveMaxTimeout: maxKeepAliveMs,
      // HttpAttempt has one timeout for the whole request.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    this.#client.on('drain', () => {
      this.#drained();
    });
    const disconnected = () => {
      // undici opens a new socket for a request that it has not written yet.
      if (!this.#isBusy) void this.close();
    };
    this.#client.on('disconnect', disconnected);
    this.#client.on('connectionError', disconnected);
  }

  /** Whether the current socket has already served a request, so that the receiver may just be closing it. */
  get hasServed(): boolean {
    return this.#hasServed;
  }

  /** Whether anything was received since the current request was written. */
  get hasReceived(): boolean {
    return this.#received.count > 0;
  }

  /** To be called only while idle. Connects first if necessary; `handler` must call {@link ended}. */
  send({ body, headers, path }: HttpRequest, handler: Dispatcher.DispatchHandler): void {
    this.#isBusy = true;
    this.#client.dispatch({ path, method: 'POST', headers, body }, handler);
  }

  /** The request is about to be written. */
  started(): void {
    this.#received.reset();
  }

  /**
   * The request has ended.
   *
   * @param onFree called when the connection is idle or closed, a turn of the event loop later: a request that follows
   * then reuses the connection instead of opening another one
   */
  ended(onFree?: () => void): void {
    this.#isBusy = false;
    this.#onFree = onFree;
  }

  /** Destroys the socket, even one that is connecting. Idempotent. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#owner.closed(this);
    const reason = new Error('the connection is closed');
    const destroyed = this.#client.destroy(reason);
    this.#socket?.destroy(reason);
    this.#free();
    await destroyed;
  }

  /** undici is ready for another request: a moment after the response, unless the socket is closed. */
  #drained(): void {
    if (this.#isClosed || this.#isBusy) return;
    this.#hasServed = true;
    this.#owner.idle(this);
    this.#free();
  }

  #free(): void {
    const onFree = this.#onFree;
    this.#onFree = undefined;
    onFree?.();
  }
}
