import { afterEach, describe, expect, test } from '@jest/globals';
import { systemClock } from '../../clock.ts';
import { guardedConnector } from '../egress/guarded-connector.ts';
import { socketClosed, type SocketServer, startSocketServer, waitUntil } from '../testing/socket-server.ts';
import type { HttpConnection } from './http-connection.ts';
import { HttpConnections } from './http-connections.ts';
import type { ResponseHead } from './response-head.ts';

const closing: { close(): Promise<void> | void }[] = [];

afterEach(async () => {
  for (const resource of closing.splice(0)) await resource.close();
});

function create(limits = { maxIdle: 512, maxKeepAliveMs: 30_000 }, clock = systemClock): HttpConnections {
  const connect = guardedConnector({
    policy: { allowed: [], deniedPorts: new Set(), allowLoopback: true },
    resolve: () => Promise.reject(new Error('not expected')),
    timeoutMs: 10_000,
  });
  const connections = new HttpConnections(clock, connect, limits);
  closing.push(connections);
  return connections;
}

/** Keeps connections open for ten minutes. */
async function startServer(): Promise<SocketServer> {
  const server = await startSocketServer((socket) => {
    socket.on('data', () => socket.write('HTTP/1.1 204 No Content\r\nKeep-Alive: timeout=600\r\n\r\n'));
  });
  closing.push(server);
  return server;
}

/** Sends a request and waits for the response. */
function sendOver(connection: HttpConnection, body = ''): Promise<ResponseHead> {
  return new Promise((resolve, reject) => {
    connection.send(`POST / HTTP/1.1\r\nhost: a\r\ncontent-length: ${body.length}\r\n\r\n${body}`, {
      mayWrite: () => true,
      ended: resolve,
      failed: reject,
    });
  });
}

/** Sends a request. The connection is then idle again, or closed. */
async function use(connection: HttpConnection): Promise<HttpConnection> {
  await sendOver(connection);
  return connection;
}

test('reuses the connection that became idle last', async () => {
  const connections = create();
  const { origin, sockets } = await startServer();
  const opened = [connections.take(origin), connections.take(origin), connections.take(origin)];
  for (const connection of opened) await use(connection);
  for (let n = 0; n < 5; n += 1) expect(await use(connections.take(origin))).toBe(opened[2]);
  expect(sockets).toHaveLength(3);
  expect(connections.idleCount).toBe(3);
});

test('closes the connection idle longest above the limit, over all origins', async () => {
  const connections = create({ maxIdle: 2, maxKeepAliveMs: 30_000 });
  const servers = [await startServer(), await startServer(), await startServer()];
  const opened = servers.map(({ origin }) => connections.take(origin));
  for (const connection of opened) await use(connection);
  await socketClosed(servers[0]?.sockets[0]);
  expect(connections.idleCount).toBe(2);
  expect(connections.take(servers[1]?.origin ?? '')).toBe(opened[1]);
  expect(connections.take(servers[0]?.origin ?? '')).not.toBe(opened[0]);
});

test('limits how long a connection is idle, even if the receiver keeps it longer', async () => {
  const connections = create({ maxIdle: 512, maxKeepAliveMs: 50 });
  const { origin, sockets } = await startServer();
  const connection = await use(connections.take(origin));
  await waitUntil(() => connections.idleCount === 0);
  await socketClosed(sockets[0]);
  expect(connections.take(origin)).not.toBe(connection);
});

test('forgets an idle connection that the receiver closes', async () => {
  const connections = create();
  const { origin, sockets } = await startServer();
  const connection = await use(connections.take(origin));
  sockets[0]?.end();
  await waitUntil(() => connections.idleCount === 0);
  expect(connections.take(origin)).not.toBe(connection);
});

describe('a connection is not used again', () => {
  const CONTENT = 'Content-Length: 2\r\n\r\nok';

  test.each([
    ['if the receiver closes it', `HTTP/1.1 200 OK\r\nConnection: close\r\n${CONTENT}`],
    ['by default in HTTP/1.0', `HTTP/1.0 200 OK\r\n${CONTENT}`],
    [
      'if the receiver keeps it for too short a time',
      `HTTP/1.1 200 OK\r\nKeep-Alive: timeout=2\r\n${CONTENT}`,
    ],
    ['if more follows than the response', `HTTP/1.1 200 OK\r\n${CONTENT}HTTP/1.1 200 OK\r\n${CONTENT}`],
    ['after a body without a length', 'HTTP/1.1 200 OK\r\n\r\nok'],
  ])('%s', async (_, response) => {
    const connections = create();
    const server = await startSocketServer((socket) => {
      socket.on('data', () => {
        socket.write(response);
        if (response.endsWith('\r\n\r\nok') && !response.includes('Content-Length')) socket.end();
      });
    });
    closing.push(server);
    await use(connections.take(server.origin));
    expect(connections.idleCount).toBe(0);
    await socketClosed(server.sockets[0]);
  });

  test('if the response came before the request was written', async () => {
    const connections = create();
    const server = await startSocketServer((socket) => {
      socket.once('data', () => {
        socket.pause();
        socket.write(`HTTP/1.1 413 Too Large\r\n${CONTENT}`);
      });
    });
    closing.push(server);
    // More than the buffers of both sides.
    const body = 'x'.repeat(16_777_216);
    const head = await sendOver(connections.take(server.origin), body);
    expect(head.statusCode).toBe(413);
    expect(connections.idleCount).toBe(0);
  });

  test('if the receiver sends anything while it is idle', async () => {
    const connections = create();
    const { origin, sockets } = await startServer();
    await use(connections.take(origin));
    sockets[0]?.write(`HTTP/1.1 200 OK\r\n${CONTENT}`);
    await socketClosed(sockets[0]);
    expect(connections.idleCount).toBe(0);
  });

  test('if its time has passed, even before it is closed', async () => {
    let nowMs = 0;
    const connections = create(undefined, { monotonicMs: () => nowMs, wallMs: () => 0 });
    const { origin } = await startServer();
    const connection = await use(connections.take(origin));
    nowMs = 29_999;
    expect(await use(connections.take(origin))).toBe(connection);
    nowMs += 30_000;
    const another = connections.take(origin);
    expect(another).not.toBe(connection);
    expect(connections.idleCount).toBe(0);
  });
});

test('close destroys idle connections', async () => {
  const connections = create();
  const { origin, sockets } = await startServer();
  await use(connections.take(origin));
  connections.close();
  await socketClosed(sockets[0]);
  expect(connections.idleCount).toBe(0);
});
