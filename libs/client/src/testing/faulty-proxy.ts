import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/**
 * What the proxy does to one request.
 *
 * - `pass`: nothing.
 * - `cut before`: closes the connection before the service gets the request.
 * - `cut after`: lets the service carry out the request, then closes the connection without a response.
 * - `cut within`: the same, after half of the response.
 * - `stall`: lets the service carry out the request and never responds.
 * - `limit`: 429 with `Retry-After: 0`. `fail`: 500 of a service that carried out the request.
 * - `gateway`: 502 with HTML. `overload`: 503 with HTML although the service carried out the request.
 */
export const FAULTS = [
  'pass',
  'cut before',
  'cut after',
  'cut within',
  'stall',
  'limit',
  'fail',
  'gateway',
  'overload',
] as const;
export type Fault = (typeof FAULTS)[number];

/** A real HTTP proxy in front of a service that injects faults. */
export interface FaultyProxy {
  readonly url: string;
  /** How often each fault was injected. */
  readonly counts: Readonly<Record<Fault, number>>;
  /** Chooses the fault of each request from now on. */
  inject(choose: () => Fault): void;
  /** Waits until this many further requests have arrived. */
  requests(count: number): Promise<void>;
  stop(): Promise<void>;
}

interface Forwarded {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

function forward(target: string, message: IncomingMessage, body: Buffer): Promise<Forwarded> {
  const { method, headers } = message;
  return new Promise((resolve, reject) => {
    const outgoing = request(new URL(message.url ?? '', target), { method, headers }, (response) => {
      const { statusCode = 0, headers: received } = response;
      buffer(response).then((content) => {
        resolve({ status: statusCode, headers: received, body: content });
      }, reject);
    });
    outgoing.on('error', reject).end(body);
  });
}

const html = { 'content-type': 'text/html' };

async function respond(
  fault: Fault,
  response: ServerResponse,
  carryOut: () => Promise<Forwarded>,
): Promise<void> {
  switch (fault) {
    case 'cut before':
      response.destroy();
      return;
    case 'limit':
      response
        .writeHead(429, { 'content-type': 'application/json', 'retry-after': '0' })
        .end('{"code":8,"message":"too many requests","data":null}');
      return;
    case 'gateway':
      response.writeHead(502, html).end('<h1>Bad gateway</h1>');
      return;
    case 'pass':
    case 'cut after':
    case 'cut within':
    case 'stall':
    case 'fail':
    case 'overload':
      await carryOut().then((forwarded) => {
        respondAfter(fault, response, forwarded);
      });
  }
}

function respondAfter(
  fault: Exclude<Fault, 'cut before' | 'limit' | 'gateway'>,
  response: ServerResponse,
  { status, headers, body }: Forwarded,
): void {
  switch (fault) {
    case 'pass':
      response.writeHead(status, headers).end(body);
      return;
    case 'cut after':
      response.destroy();
      return;
    case 'cut within':
      response.writeHead(status, headers).write(body.subarray(0, body.length / 2), () => response.destroy());
      return;
    case 'stall':
      return;
    case 'fail':
      response
        .writeHead(500, { 'content-type': 'application/json' })
        .end('{"code":1,"message":"internal error","data":null}');
      return;
    case 'overload':
      response.writeHead(503, html).end('<h1>Overloaded</h1>');
  }
}

/** Starts a proxy on a free port. A service that cannot be reached is a cut connection. */
export async function startFaultyProxy(target: string): Promise<FaultyProxy> {
  const counts = Object.fromEntries(FAULTS.map((fault) => [fault, 0])) as Record<Fault, number>;
  let choose = (): Fault => 'pass';
  const server = createServer((message, response) => {
    const fault = choose();
    counts[fault] += 1;
    buffer(message)
      .then((body) => respond(fault, response, () => forward(target, message, body)))
      .catch(() => {
        response.destroy();
      });
  });
  const requests = (count: number): Promise<void> =>
    new Promise((resolve) => {
      let arrived = 0;
      server.on('request', function arrive() {
        arrived += 1;
        if (arrived < count) return;
        server.off('request', arrive);
        resolve();
      });
    });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts,
    requests,
    inject: (next) => {
      choose = next;
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
