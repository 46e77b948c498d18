import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { storedHttpCallbackSchema } from '@timer-platform/callback-types';
import { systemClock } from '../../clock.ts';
import type { ResolveHost } from '../dns/resolve-host.ts';
import { startAttempt } from '../testing/attempt.ts';
import { socketClosed, type SocketServer, startSocketServer, waitUntil } from '../testing/socket-server.ts';
import type { Outcome, Transport } from '../transport.ts';
import { httpTransport } from './http-transport.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const DELIVERED: Outcome = { kind: 'delivered', statusCode: 200, isDuplicate: false };

let transport: Transport<'http'>;
const servers: SocketServer[] = [];

function create(resolve?: ResolveHost): Transport<'http'> {
  return httpTransport({
    clock: systemClock,
    userAgent: 'timer-platform/test',
    signingSecrets: [],
    connectTimeoutMs: 10_000,
    egressPolicy: { allowed: [], deniedPorts: new Set(), allowLoopback: true },
    ...(resolve !== undefined && { resolve }),
  });
}

beforeEach(() => {
  transport = create();
});

afterEach(async () => {
  await transport.close();
  for (const server of servers.splice(0)) await server.close();
});

/** Starts a server that calls back for each request; requests of these tests arrive in one piece. */
async function start(
  onRequest: (socket: Socket, ofConnection: number, connection: number) => void,
): Promise<SocketServer> {
  const server = await startSocketServer((socket, connection) => {
    let requests = 0;
    socket.on('data', () => {
      onRequest(socket, requests, connection);
      requests += 1;
    });
  });
  servers.push(server);
  return server;
}

function send(url: string, mayStart?: () => boolean) {
  const callback = storedHttpCallbackSchema.parse({ type: 'http', url, timeout_ms: 20_000 });
  return startAttempt(transport, callback, mayStart === undefined ? {} : { mayStart });
}

function outcomeOf(url: string): Promise<Outcome> {
  return send(url).outcome;
}

/** Writes as fast as the connection allows, until it is closed. */
function flood(socket: Socket, text: string): void {
  const chunk = text.repeat(Math.ceil(65_536 / text.length));
  const write = () => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', write);
  write();
}

describe('a connection that is closed while the next request is on its way', () => {
  test.each([
    ['end', (socket: Socket) => socket.end()],
    ['reset', (socket: Socket) => socket.resetAndDestroy()],
  ])('does not fail an attempt (%s): 20 of 20 are delivered', async (_, cut) => {
    const { origin, sockets } = await start((socket, ofConnection) => {
      if (ofConnection === 0) socket.write(OK);
      else cut(socket);
    });
    const starts: number[] = [];
    for (let n = 0; n < 20; n += 1) {
      const attempt = send(origin);
      expect(await attempt.outcome).toEqual(DELIVERED);
      starts.push(attempt.starts);
    }
    // Every request after the first one meets a connection that has served one and is about to be closed.
    expect(sockets.length).toBe(20);
    expect(starts).toEqual([1, ...Array.from({ length: 19 }, () => 2)]);
  });

  test('does not repeat a request that must not start again', async () => {
    const { origin, sockets } = await start((socket, ofConnection) => {
      if (ofConnection === 0) socket.write(OK);
      else socket.resetAndDestroy();
    });
    await outcomeOf(origin);
    let isAllowed = true;
    const attempt = send(origin, () => {
      const result = isAllowed;
      isAllowed = false;
      return result;
    });
    expect(await attempt.outcome).toMatchObject({ kind: 'withdrawn', cause: 'refused' });
    expect(attempt.starts).toBe(2);
    expect(sockets.length).toBe(2);
  });

  test('repeats a request once', async () => {
    const { origin, sockets } = await start((socket, ofConnection, connection) => {
      if (ofConnection === 0 && connection === 0) socket.write(OK);
      else socket.resetAndDestroy();
    });
    await outcomeOf(origin);
    expect(await outcomeOf(origin)).toMatchObject({ kind: 'retryable', unavailable: 'endpoint' });
    expect(sockets).toHaveLength(2);
  });

  test('does not repeat a request on a new connection, or after the first byte of a response', async () => {
    let requests = 0;
    const { origin } = await start((socket, ofConnection, connection) => {
      requests += 1;
      if (connection === 0) socket.resetAndDestroy();
      else if (ofConnection === 0) socket.write(OK);
      else socket.end('H');
    });
    expect(await outcomeOf(origin)).toMatchObject({ kind: 'retryable' });
    expect(requests).toBe(1);
    expect(await outcomeOf(origin)).toEqual(DELIVERED);
    expect(await outcomeOf(origin)).toMatchObject({ kind: 'retryable' });
    expect(requests).toBe(3);
  });
});

describe('a slow connection', () => {
  test('is not used if the attempt must not start any more: no byte is written', async () => {
    let connect: () => void = () => undefined;
    const resolved = new Promise<void>((resolve) => {
      connect = resolve;
    });
    transport = create(async () => {
      await resolved;
      return [{ address: '127.0.0.1', family: 4 }];
    });
    let received = 0;
    const server = await startSocketServer((socket) => {
      socket.on('data', (chunk) => {
        received += chunk.length;
      });
    });
    servers.push(server);
    const attempt = send(server.origin.replace('127.0.0.1', 'slow.example'), () => false);
    await new Promise((resolve) => setImmediate(resolve));
    expect(attempt.starts).toBe(0);
    connect();
    expect(await attempt.outcome).toEqual({ kind: 'withdrawn', cause: 'refused', reason: 'not started' });
    expect(attempt.starts).toBe(1);
    await socketClosed(server.sockets[0]);
    expect(received).toBe(0);
  });
});

describe('interim responses', () => {
  test('100 Continue that was not requested is ignored', async () => {
    const { origin, sockets } = await start((socket) =>
      socket.write(`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n${OK}`),
    );
    for (let n = 0; n < 3; n += 1) expect(await outcomeOf(origin)).toEqual(DELIVERED);
    expect(sockets).toHaveLength(1);
  });

  test('10 are accepted, more fail the attempt and close the connection', async () => {
    const { origin, sockets } = await start((socket, _, connection) =>
      socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(connection === 0 ? 11 : 10) + OK),
    );
    expect(await outcomeOf(origin)).toEqual({
      kind: 'retryable',
      reason: 'the response has too many interim responses',
      statusCode: null,
      retryAfterMs: null,
      unavailable: null,
    });
    await socketClosed(sockets[0]);
    expect(await outcomeOf(origin)).toEqual(DELIVERED);
  });
});

describe('bytes that are not part of a response', () => {
  test('empty lines without end fail the attempt', async () => {
    const { origin, sockets } = await start((socket) => {
      flood(socket, '\r\n');
    });
    expect(await outcomeOf(origin)).toMatchObject({
      kind: 'retryable',
      reason: 'the response is too large',
      unavailable: null,
    });
    await socketClosed(sockets[0]);
  });

  test('a chunk extension without end closes the connection and keeps the status', async () => {
    const { origin, sockets } = await start((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;');
      flood(socket, 'x');
    });
    expect(await outcomeOf(origin)).toEqual(DELIVERED);
    await socketClosed(sockets[0]);
  });

  test('empty lines on an idle connection close it', async () => {
    const { origin, sockets } = await start((socket) => {
      socket.write(OK);
      flood(socket, '\r\n');
    });
    expect(await outcomeOf(origin)).toEqual(DELIVERED);
    await socketClosed(sockets[0]);
  });
});

test('a shortage of this machine withdraws the attempt', async () => {
  transport = create(() => Promise.reject(Object.assign(new Error('a'), { code: 'EMFILE' })));
  expect(await send('http://hook.example/').outcome).toEqual({
    kind: 'withdrawn',
    cause: 'shortage',
    reason: 'could not open a connection: too many open files',
  });
});

test('close destroys a socket that is connecting', async () => {
  // Accepts the connection but does not reply to the TLS handshake.
  const { origin, sockets } = await start(() => undefined);
  const attempt = send(origin.replace('http:', 'https:'));
  await waitUntil(() => sockets.length > 0);
  await transport.close();
  expect(await attempt.outcome).toMatchObject({ kind: 'withdrawn', cause: 'stopping' });
  await socketClosed(sockets[0]);
});
