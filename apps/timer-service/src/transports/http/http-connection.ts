import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Connect } from '../egress/guarded-connector.ts';
import type { ConnectTarget } from '../egress/open-socket.ts';
import { ConnectionClosedError } from './response-error.ts';
import type { ResponseHead } from './response-head.ts';
import { ResponseParser } from './response-parser.ts';

/** What a connection reports of a request; after {@link ended} or {@link failed} nothing more. */
export interface RequestHandler {
  /** The connection is open, and the request is written next. False: it is not, and the connection is closed. */
  mayWrite(): boolean;
  ended(head: ResponseHead): void;
  /** No complete response; the connection is closed, or about to be. */
  failed(error: unknown): void;
}

/** Keeps connections between requests. */
interface ConnectionOwner {
  /** The connection can send another request. */
  idle(connection: HttpConnection): void;
  closed(connection: HttpConnection): void;
}

/** How long an idle connection is kept if the receiver does not say how long it keeps it. */
const DEFAULT_KEEP_ALIVE_MS = 4_000;
/** A request that is written just before the receiver closes the connection would be in vain. */
const KEEP_ALIVE_MARGIN_MS = 2_000;

/** Sends requests to one origin, one at a time, over one socket that is kept alive between them. */
export class HttpConnection {
  readonly origin: string;
  readonly #connect: Connect;
  readonly #owner: ConnectionOwner;
  readonly #parser = new ResponseParser();
  /** Connecting or connected. */
  #socket: Duplex | undefined;
  /** The request under way. */
  #handler: RequestHandler | undefined;
  #keepAliveMs = DEFAULT_KEEP_ALIVE_MS;
  #hasServed = false;
  #isClosed = false;

  constructor(origin: string, connect: Connect, owner: ConnectionOwner) {
    this.origin = origin;
    this.#connect = connect;
    this.#owner = owner;
  }

  /** Whether a request has been served before, so that the receiver may just be closing the connection. */
  get hasServed(): boolean {
    return this.#hasServed;
  }

  /** Whether anything was received since the current request was sent. */
  get hasReceived(): boolean {
    return this.#parser.bytes > 0;
  }

  /** Of the response to the current request, if it has been received. */
  get head(): ResponseHead | undefined {
    return this.#parser.head;
  }

  /** How long the receiver keeps the connection open after the last response. */
  get keepAliveMs(): number {
    return this.#keepAliveMs;
  }

  /** To be called only while no request is under way. Connects first if necessary. */
  send(message: string | Buffer, handler: RequestHandler): void {
    this.#handler = handler;
    this.#parser.reset();
    if (this.#socket === undefined) this.#open(message);
    else this.#write(this.#socket, message);
  }

  /** Destroys the socket, even one that is connecting; the handler of a request is not called. Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#handler = undefined;
    this.#socket?.destroy();
    this.#owner.closed(this);
  }

  #open(message: string | Buffer): void {
    this.#socket = this.#connect(targetOf(this.origin), (error, socket) => {
      if (this.#isClosed) socket?.destroy();
      else if (error !== null || socket === undefined) this.#fail(error);
      else {
        this.#listen(socket);
        this.#write(socket, message);
      }
    });
  }

  #listen(socket: Duplex): void {
    socket.on('data', (chunk: Buffer) => {
      this.#received(chunk);
    });
    socket.on('end', () => {
      this.#parser.end();
      if (this.#parser.isComplete) this.#completed();
      this.#fail(new ConnectionClosedError());
    });
    socket.on('error', (error) => {
      this.#fail(error);
    });
    socket.on('close', () => {
      this.#fail(new ConnectionClosedError());
    });
  }

  #write(socket: Duplex, message: string | Buffer): void {
    if (this.#handler?.mayWrite() === true) socket.write(message);
    else this.close();
  }

  #received(chunk: Buffer): void {
    if (this.#handler === undefined) {
      // Nothing was asked for.
      this.close();
      return;
    }
    try {
      this.#parser.push(chunk.toString('latin1'));
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (this.#parser.isComplete) this.#completed();
  }

  /** The connection is idle or closed when the handler is called, so that a request that it sends can use it. */
  #completed(): void {
    const handler = this.#handler;
    const { head } = this.#parser;
    this.#handler = undefined;
    if (head === undefined || handler === undefined) return;
    this.#hasServed = true;
    this.#keepAliveMs = keepAliveMs(head);
    if (this.#isReusable(head)) this.#owner.idle(this);
    else this.close();
    handler.ended(head);
  }

  #isReusable({ framing, keepsAlive }: ResponseHead): boolean {
    return (
      keepsAlive &&
      framing !== 'until-close' &&
      !this.#parser.hasSurplus &&
      // The response came before the receiver had read the request.
      this.#socket?.writableLength === 0 &&
      this.#keepAliveMs > 0
    );
  }

  /** Whether a request is under way or not: the connection is not usable any more. */
  #fail(error: unknown): void {
    const handler = this.#handler;
    this.#handler = undefined;
    handler?.failed(error);
    this.close();
  }
}

function keepAliveMs({ keepAliveSeconds }: ResponseHead): number {
  return keepAliveSeconds === undefined
    ? DEFAULT_KEEP_ALIVE_MS
    : keepAliveSeconds * 1_000 - KEEP_ALIVE_MARGIN_MS;
}

function targetOf(origin: string): ConnectTarget {
  const { hostname, port, protocol } = new URL(origin);
  const host = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  return { protocol, hostname: host, port, servername: isIP(host) === 0 ? host : '' };
}
