import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A received request. */
export interface ReceivedRequest {
  /** Number of the request, from 0, over all requests of the receiver. */
  readonly index: number;
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Names and values as sent, in order. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  /** When the head of the request was received, in Unix milliseconds. */
  readonly receivedAt: number;
}

/** A status, or a full response. `hang`: never responds. `reset`: resets the connection. */
export type ReceiverResponse =
  | number
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string | Uint8Array;
    }
  | 'hang'
  | 'reset';

export type RequestHandler = (request: ReceivedRequest) => ReceiverResponse | Promise<ReceiverResponse>;

/** A real HTTP server that records the requests it receives. */
export interface Receiver {
  /** Without a trailing slash. */
  readonly url: string;
  readonly port: number;
  /** In the order in which their bodies were complete. */
  readonly requests: readonly ReceivedRequest[];
  /** Replaces the handler, which chooses the response to each request. */
  respondWith(handler: RequestHandler): void;
  /**
   * Waits until the condition holds for the requests received so far, or until there are at least that many.
   * @param timeoutMs 30 s by default
   * @throws after the timeout; the message lists the received requests
   */
  waitFor(
    condition: number | ((requests: readonly ReceivedRequest[]) => boolean),
    timeoutMs?: number,
  ): Promise<readonly ReceivedRequest[]>;
  /** Closes the connections and the port. Idempotent. */
  stop(): Promise<void>;
}

const DEFAULT_TIMEOUT_MS = 30_000;
/** More connections than services open at once: the kernel delivers the requests of others again and again, seconds later. */
const BACKLOG = 4_096;
const MAX_REQUESTS_LISTED = 20;

function respond(response: ServerResponse, choice: ReceiverResponse): void {
  if (choice === 'hang') return;
  if (choice === 'reset') {
    response.socket?.resetAndDestroy();
    return;
  }
  const { status, headers = {}, body } = typeof choice === 'number' ? { status: choice } : choice;
  response.writeHead(status, headers).end(body);
}

function summary(requests: readonly ReceivedRequest[]): string {
  const lines = requests
    .slice(-MAX_REQUESTS_LISTED)
    .map(
      ({ index, method, path, body }) =>
        `  ${index}. ${method} ${path} ${body.toString('utf8').slice(0, 200)}`,
    );
  return [`${requests.length} requests were received; the last ones:`, ...lines].join('\n');
}

class RequestLog {
  readonly requests: ReceivedRequest[] = [];
  readonly #waiting = new Set<() => void>();

  add(request: ReceivedRequest): void {
    this.requests.push(request);
    for (const check of this.#waiting) check();
  }

  waitFor(holds: (requests: readonly ReceivedRequest[]) => boolean, timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void): void => {
        clearTimeout(timer);
        this.#waiting.delete(check);
        finish();
      };
      const check = (): void => {
        try {
          if (holds(this.requests)) settle(resolve);
        } catch (error) {
          settle(() => {
            // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the condition may throw any value
            reject(error);
          });
        }
      };
      const timer = setTimeout(() => {
        settle(() => {
          reject(new Error(`The condition did not hold within ${timeoutMs} ms. ${summary(this.requests)}`));
        });
      }, timeoutMs);
      this.#waiting.add(check);
      check();
    });
  }
}

/**
 * Starts a receiver on 127.0.0.1. By default it responds with 200 to every request.
 * @param port a free one by default; give the same port to restart a receiver after an outage
 */
export async function startReceiver(handler: RequestHandler = () => 200, port = 0): Promise<Receiver> {
  const log = new RequestLog();
  let current = handler;
  let count = 0;

  const receive = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const receivedAt = Date.now();
    const body = await buffer(message);
    const request: ReceivedRequest = {
      index: count,
      method: message.method ?? '',
      path: message.url ?? '',
      headers: message.headers,
      rawHeaders: message.rawHeaders,
      body,
      receivedAt,
    };
    count += 1;
    log.add(request);
    respond(response, await current(request));
  };

  const server = createServer({ keepAliveTimeout: 60_000 }, (message, response) => {
    receive(message, response).catch(() => {
      // The client has disconnected, or the handler has thrown: close the connection.
      response.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen({ port, host: '127.0.0.1', backlog: BACKLOG }, resolve);
  });
  const { port: actualPort } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${actualPort}`,
    port: actualPort,
    requests: log.requests,
    respondWith: (next) => {
      current = next;
    },
    waitFor: async (condition, timeoutMs = DEFAULT_TIMEOUT_MS) => {
      const holds = typeof condition === 'number' ? () => log.requests.length >= condition : condition;
      await log.waitFor(holds, timeoutMs);
      return log.requests;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
