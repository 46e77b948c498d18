import { afterEach, expect, test } from '@jest/globals';
import { guardedConnector } from '../egress/guarded-connector.ts';
import { socketClosed, type SocketServer, startSocketServer, waitUntil } from '../testing/socket-server.ts';
import type { HttpConnection } from './http-connection.ts';
import { HttpConnections } from './http-connections.ts';

const closing: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const resource of closing.splice(0)) await resource.close();
});

function create(limits = { maxIdle: 512, maxKeepAliveMs: 30_000 }): HttpConnections {
  const connect = guardedConnector({
    policy: { allowed: [], deniedPorts: new Set(), allowLoopback: true },
    resolve: () => Promise.reject(new Error('not expected')),
    timeoutMs: 10_000,
  });
  const connections = new HttpConnections(connect, limits);
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

/** Sends a request and waits until its connection is idle again. */
async function use(connection: HttpConnection): Promise<HttpConnection> {
  await new Promise<void>((resolve, reject) => {
    connection.send(
      { path: '/', headers: [], body: null },
      {
        onRequestStart: () => {
          connection.started();
        },
        onResponseEnd: () => {
          connection.ended();
          resolve();
        },
        onResponseError: (_, error) => {
          reject(error);
        },
      },
    );
  });
  // It is idle a turn of the event loop later.
  await new Promise((resolve) => setImmediate(resolve));
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

test('close destroys idle connections', async () => {
  const connections = create();
  const { origin, sockets } = await startServer();
  await use(connections.take(origin));
  await connections.close();
  await socketClosed(sockets[0]);
  expect(connections.idleCount).toBe(0);
});
