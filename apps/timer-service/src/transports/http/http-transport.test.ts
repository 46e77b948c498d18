import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { storedHttpCallbackSchema } from '@timer-platform/callback-types';
import { type Receiver, startReceiver } from '@timer-platform/test-support';
import { Webhook } from 'standardwebhooks';
import { systemClock } from '../../clock.ts';
import { attempt } from '../testing/attempt.ts';
import type { Outcome, Transport } from '../transport.ts';
import { httpTransport, type HttpTransportOptions } from './http-transport.ts';

const MESSAGE_ID = '7f0c1d9e-3b1a-4c57-9a65-2f6f6d0f8a11';
/** Not the time of this machine. */
const STARTED_MS = 1_700_000_000_999;
const SECRETS = [
  `whsec_${Buffer.alloc(32, 1).toString('base64')}`,
  `whsec_${Buffer.alloc(32, 2).toString('base64')}`,
];

let receiver: Receiver;
let transport: Transport<'http'>;
const servers: Server[] = [];
const sockets: Socket[] = [];

function create(options: Partial<HttpTransportOptions> = {}): Transport<'http'> {
  return httpTransport({
    clock: systemClock,
    userAgent: 'timer-platform/test',
    signingSecrets: [],
    connectTimeoutMs: 10_000,
    egressPolicy: { allowed: [], deniedPorts: new Set(), allowLoopback: true },
    ...options,
  });
}

interface Stored {
  readonly url?: string;
  readonly headers?: unknown;
  readonly timeout_ms?: number;
}

function send(stored: Stored = {}, payload: string | null = null, startedMs = STARTED_MS): Promise<Outcome> {
  const callback = storedHttpCallbackSchema.parse({ type: 'http', url: `${receiver.url}/hook`, ...stored });
  return attempt(transport, callback, { messageId: MESSAGE_ID, startedMs, payload });
}

/** Starts a TCP server that calls back for each connection. */
async function startSocketServer(onConnection: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    sockets.push(socket);
    onConnection(socket);
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening');
  return `http://127.0.0.1:${address.port}/`;
}

beforeEach(async () => {
  receiver = await startReceiver();
  transport = create();
});

afterEach(async () => {
  await transport.close();
  await receiver.stop();
  for (const server of servers.splice(0)) server.close();
  for (const socket of sockets.splice(0)) socket.destroy();
});

describe('request', () => {
  test('is a POST of the stored payload, byte for byte', async () => {
    const payload = '{"b": 1,  "a":"Grüße \\u0041 🎈"}';
    expect(await send({ url: `${receiver.url}/a%20b/c?d=e%2Ff&g` }, payload)).toEqual({
      kind: 'delivered',
      statusCode: 200,
      isDuplicate: false,
    });
    const [request] = receiver.requests;
    expect(request).toMatchObject({ method: 'POST', path: '/a%20b/c?d=e%2Ff&g' });
    expect(request?.body.toString()).toBe(payload);
    expect(request?.headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(payload)),
      'user-agent': 'timer-platform/test',
      'webhook-id': MESSAGE_ID,
    });
    expect(request?.headers['webhook-timestamp']).toBe('1700000000');
    expect(request?.headers['webhook-attempt']).toBe('1');
    expect(request?.headers['webhook-signature']).toBeUndefined();
  });

  test('has no body, but a JSON content type, if the payload is null', async () => {
    await send();
    expect(receiver.requests[0]?.body).toHaveLength(0);
    expect(receiver.requests[0]?.headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': '0',
    });
  });

  test('prefers stored headers, except those of the connection', async () => {
    await send(
      {
        headers: {
          'CONTENT-TYPE': 'application/cloudevents+json',
          'User-agent': 'mine/1',
          'X-One': 'a',
          Authorization: 'Bearer abc',
          'Content-Length': '3',
          'transfer-encoding': 'chunked',
          Connection: 'close',
          Expect: '100-continue',
          'Webhook-Id': 'forged',
          'Webhook-Attempt': '99',
        },
      },
      '{}',
    );
    const { headers } = receiver.requests[0] ?? {};
    expect(headers).toMatchObject({
      'content-type': 'application/cloudevents+json',
      'user-agent': 'mine/1',
      'x-one': 'a',
      authorization: 'Bearer abc',
      'content-length': '2',
      'webhook-id': MESSAGE_ID,
      'webhook-attempt': '1',
      connection: 'keep-alive',
    });
    expect(headers).not.toHaveProperty('transfer-encoding');
    expect(headers).not.toHaveProperty('expect');
  });

  test('sends credentials of the URL as Basic unless the callback has an Authorization header', async () => {
    const url = `http://us%40er:p%3Aw@127.0.0.1:${receiver.port}/`;
    await send({ url });
    await send({ url, headers: { authorization: 'Bearer abc' } });
    expect(receiver.requests.map(({ headers }) => headers.authorization)).toEqual([
      `Basic ${Buffer.from('us@er:p:w').toString('base64')}`,
      'Bearer abc',
    ]);
  });

  test('has a signature for every secret that the standardwebhooks package accepts', async () => {
    transport = create({ signingSecrets: SECRETS });
    await send({}, '{"order":42}', Date.now());
    await send({}, null, Date.now());
    for (const { body, headers } of receiver.requests) {
      const signed = {
        'webhook-id': String(headers['webhook-id']),
        'webhook-timestamp': String(headers['webhook-timestamp']),
        'webhook-signature': String(headers['webhook-signature']),
      };
      for (const secret of SECRETS) new Webhook(secret).verify(body.toString(), signed);
      const other = new Webhook(`whsec_${Buffer.alloc(32, 3).toString('base64')}`);
      expect(() => other.verify(body.toString(), signed)).toThrow();
    }
    expect(receiver.requests).toHaveLength(2);
  });

  test('reuses connections: there are as many as concurrent requests', async () => {
    const ports = new Set<number | undefined>();
    const url = await startSocketServer((socket) => {
      ports.add(socket.remotePort);
      socket.on('data', () => socket.write('HTTP/1.1 204 No Content\r\n\r\n'));
    });
    for (let n = 0; n < 20; n += 1) expect((await send({ url })).kind).toBe('delivered');
    expect(ports.size).toBe(1);
    const chains = Array.from({ length: 10 }, async () => {
      for (let n = 0; n < 20; n += 1) expect((await send({ url })).kind).toBe('delivered');
    });
    await Promise.all(chains);
    expect(ports.size).toBe(10);
  });
});

describe('response', () => {
  test.each([200, 201, 202, 204, 299])('%i is delivered', async (status) => {
    receiver.respondWith(() => status);
    expect(await send({}, '{}')).toEqual({ kind: 'delivered', statusCode: status, isDuplicate: false });
  });

  test.each([
    [400, 'HTTP 400 Bad Request'],
    [404, 'HTTP 404 Not Found'],
    [429, 'HTTP 429 Too Many Requests'],
    [500, 'HTTP 500 Internal Server Error'],
    [502, 'HTTP 502 Bad Gateway'],
    [503, 'HTTP 503 Service Unavailable'],
    [504, 'HTTP 504 Gateway Timeout'],
    [599, 'HTTP 599'],
  ])('%i is retryable', async (status, reason) => {
    receiver.respondWith(() => ({ status, body: 'internal text of the receiver' }));
    expect(await send({}, '{}')).toEqual({
      kind: 'retryable',
      reason,
      statusCode: status,
      retryAfterMs: null,
      unavailable: [429, 502, 503, 504].includes(status) ? 'route' : null,
    });
  });

  test('410 is permanent', async () => {
    receiver.respondWith(() => 410);
    expect(await send()).toEqual({ kind: 'permanent', reason: 'HTTP 410 Gone', statusCode: 410 });
  });

  test.each([301, 302, 303, 307, 308])('%i is retryable and not followed', async (status) => {
    receiver.respondWith(() => ({ status, headers: { location: `${receiver.url}/elsewhere` } }));
    expect(await send()).toMatchObject({
      kind: 'retryable',
      statusCode: status,
      reason: expect.stringContaining('redirects are not followed'),
    });
    expect(receiver.requests).toHaveLength(1);
  });

  test('passes on Retry-After', async () => {
    receiver.respondWith(() => ({ status: 503, headers: { 'retry-after': '120' } }));
    expect(await send()).toMatchObject({ kind: 'retryable', retryAfterMs: 120_000 });
  });

  test('ignores 1xx and waits for the final status', async () => {
    const url = await startSocketServer((socket) => {
      socket.on('data', () =>
        socket.write('HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n'),
      );
    });
    expect(await send({ url })).toEqual({ kind: 'delivered', statusCode: 204, isDuplicate: false });
  });

  test('stops reading a large body and keeps the status', async () => {
    receiver.respondWith(() => ({ status: 200, body: 'x'.repeat(10_000_000) }));
    expect(await send()).toEqual({ kind: 'delivered', statusCode: 200, isDuplicate: false });
    receiver.respondWith(() => ({ status: 500, body: 'x'.repeat(10_000_000) }));
    expect(await send()).toMatchObject({ kind: 'retryable', statusCode: 500 });
  });

  test('200 is delivered even if the body breaks off or stalls', async () => {
    const truncated = await startSocketServer((socket) => {
      socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc'));
    });
    expect(await send({ url: truncated })).toEqual({
      kind: 'delivered',
      statusCode: 200,
      isDuplicate: false,
    });
    const stalled = await startSocketServer((socket) => {
      socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc'));
    });
    expect(await send({ url: stalled, timeout_ms: 300 })).toEqual({
      kind: 'delivered',
      statusCode: 200,
      isDuplicate: false,
    });
  });
});

describe('failure', () => {
  test('a refused connection is retryable, and the endpoint is unavailable', async () => {
    const { url } = receiver;
    await receiver.stop();
    expect(await send({ url })).toEqual({
      kind: 'retryable',
      reason: 'connection refused',
      statusCode: null,
      retryAfterMs: null,
      unavailable: 'endpoint',
    });
  });

  test('a response that takes too long is retryable, and the route is unavailable', async () => {
    receiver.respondWith(() => 'hang');
    expect(await send({ timeout_ms: 250 })).toMatchObject({
      kind: 'retryable',
      reason: 'no response within 250 ms',
      unavailable: 'route',
    });
  });

  describe('a connection that takes too long', () => {
    /** A server that does not reply to the TLS handshake, so that the connection is never established. */
    async function startMuteServer(): Promise<{ url: string; received: Buffer[] }> {
      const received: Buffer[] = [];
      const url = await startSocketServer((socket) => socket.on('data', (chunk) => received.push(chunk)));
      return { url: url.replace('http:', 'https:'), received };
    }

    test('makes only the route unavailable if the timeout of the callback is shorter, and is not sent later', async () => {
      const { received, url } = await startMuteServer();
      expect(await send({ url, timeout_ms: 250 })).toMatchObject({
        kind: 'retryable',
        reason: 'no connection within 250 ms',
        unavailable: 'route',
      });
      expect(Buffer.concat(received).includes('POST')).toBe(false);
    });

    test('makes the endpoint unavailable if the callback waits longer', async () => {
      transport = create({ connectTimeoutMs: 100 });
      const { url } = await startMuteServer();
      expect(await send({ url, timeout_ms: 10_000 })).toMatchObject({
        kind: 'retryable',
        reason: 'connection timed out',
        unavailable: 'endpoint',
      });
    });
  });

  test('a cut connection is retryable, and the endpoint is unavailable', async () => {
    receiver.respondWith(() => 'reset');
    expect(await send()).toMatchObject({
      kind: 'retryable',
      reason: 'connection closed before the response',
      unavailable: 'endpoint',
    });
  });

  test('an unknown host is retryable, and the endpoint is unavailable', async () => {
    expect(await send({ url: 'http://does-not-exist.invalid/' })).toMatchObject({
      kind: 'retryable',
      reason: expect.stringMatching(/^host (not found|name could not be resolved)$/),
      unavailable: 'endpoint',
    });
  });

  test('a response that is not HTTP is retryable', async () => {
    const url = await startSocketServer((socket) =>
      socket.on('data', () => socket.end('SSH-2.0-OpenSSH_9.2\r\n')),
    );
    expect(await send({ url })).toMatchObject({
      kind: 'retryable',
      reason: 'the response is not valid HTTP',
      unavailable: null,
    });
  });

  test('TLS to a server without TLS is retryable, and the endpoint is unavailable', async () => {
    expect(await send({ url: receiver.url.replace('http:', 'https:') })).toMatchObject({
      kind: 'retryable',
      reason: 'TLS handshake failed',
      unavailable: 'endpoint',
    });
  });

  test.each([
    ['a line break in a value', { 'X-Bad': 'a\r\nX-Injected: 1' }],
    ['characters outside Latin-1', { 'X-Bad': 'zehn €' }],
    ['a space in a name', { 'X Bad': 'a' }],
    ['an empty name', { '': 'a' }],
  ])('a stored header with %s is permanent, and no request is sent', async (_, headers) => {
    expect(await send({ headers }, '{}')).toMatchObject({
      kind: 'permanent',
      reason: expect.stringMatching(/^header ".*" has a name or value that HTTP does not allow$/),
    });
    expect(receiver.requests).toHaveLength(0);
  });
});

test('connections can be opened in another way, given the guarded one', async () => {
  const hosts: string[] = [];
  const { port } = receiver;
  transport = create({
    connect: (guarded) => (target, callback) => {
      hosts.push(target.hostname);
      // As a resolver would that knows the name.
      return guarded({ ...target, hostname: '127.0.0.1', port: String(port) }, callback);
    },
  });
  expect(await send({ url: 'http://shop.example/hook' })).toMatchObject({ kind: 'delivered' });
  expect(hosts).toEqual(['shop.example']);
  expect(receiver.requests[0]?.headers.host).toBe('shop.example');
});
