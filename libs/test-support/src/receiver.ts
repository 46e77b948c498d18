import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A request as it arrived. */
export interface ReceivedRequest {
  /** Counts from 0 over all requests of the receiver. */
  readonly index: number;
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Names and values as sent, in their order. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  /** When the head of the request was there, in Unix milliseconds. */
  readonly receivedAt: number;
}

/** A status; a whole answer; `hang`: never answers; `reset`: cuts the connection. */
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

/** A real HTTP server that records what it gets. */
export interface Receiver {
  /** Without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** In the order of their arrival. Only requests whose body has arrived whole. */
  readonly requests: readonly ReceivedRequest[];
  /** Chooses the answers from now on. */
  respondWith(handler: RequestHandler): void;
  /**
   * Waits until the condition holds for the requests so far, or until there are that many.
   * @param timeoutMs how long, 30 s by default
   * @throws when the time is up; the message lists what did arrive
   */
  waitFor(
    condition: number | ((requests: readonly ReceivedRequest[]) => boolean),
    timeoutMs?: number,
  ): Promise<readonly ReceivedRequest[]>;
  /** Cuts every connection and closes the port. Idempotent. */
  stop(): Promise<void>;
}

const WAIT_MS = 30_000;
const REQUESTS_LISTED = 20;

function reply(response: ServerResponse, answer: ReceiverResponse): void {
  if (answer === 'hang') return;
  if (answer === 'reset') {
    response.socket?.resetAndDestroy();
    return;
  }
  const { status, headers = {}, body } = typeof answer === 'number' ? { status: answer } : answer;
  response.writeHead(status, headers).end(body);
}

function summary(requests: readonly ReceivedRequest[]): string {
  const lines = requests
    .slice(-REQUESTS_LISTED)
    .map(
      ({ index, method, path, body }) =>
        `  ${index}. ${method} ${path} ${body.toString('utf8').slice(0, 200)}`,
    );
  return [`${requests.length} requests had arrived; the last ones:`, ...lines].join('\n');
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
            // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- whatever the condition threw
            reject(error);
          });
        }
      };
      const timer = setTimeout(() => {
        settle(() => {
          reject(new Error(`Not fulfilled within ${timeoutMs} ms. ${summary(this.requests)}`));
        });
      }, timeoutMs);
      this.#waiting.add(check);
      check();
    });
  }
}

/**
 * Starts a receiver on 127.0.0.1. Without a handler it answers 200 to everything.
 * @param port a free one by default; one that comes back after an outage needs the same port again
 */
export async function startReceiver(handler: RequestHandler = () => 200, port = 0): Promise<Receiver> {
  const log = new RequestLog();
  let current = handler;
  let arrived = 0;

  const receive = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const receivedAt = Date.now();
    const body = await buffer(message);
    const request: ReceivedRequest = {
      index: arrived,
      method: message.method ?? '',
      path: message.url ?? '',
      headers: message.headers,
      rawHeaders: message.rawHeaders,
      body,
      receivedAt,
    };
    arrived += 1;
    log.add(request);
    reply(response, await current(request));
  };

  const server = createServer({ keepAliveTimeout: 60_000 }, (message, response) => {
    receive(message, response).catch(() => {
      // The sender went away in the middle, or the test's handler threw: either way the sender sees a cut connection.
      response.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  const { port: listening } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${listening}`,
    port: listening,
    requests: log.requests,
    respondWith: (next) => {
      current = next;
    },
    waitFor: async (condition, timeoutMs = WAIT_MS) => {
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
