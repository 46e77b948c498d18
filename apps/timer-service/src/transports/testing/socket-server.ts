import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

/** A TCP server on 127.0.0.1 whose behavior a test writes. */
export interface SocketServer {
  /** `http://127.0.0.1:port` */
  readonly origin: string;
  /** Every connection so far, in order. */
  readonly sockets: readonly Socket[];
  /** Also destroys the connections. */
  close(): Promise<void>;
}

/** @param onConnection errors of the socket are ignored */
export async function startSocketServer(
  onConnection: (socket: Socket, index: number) => void,
): Promise<SocketServer> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    sockets.push(socket);
    onConnection(socket, sockets.length - 1);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening');
  return {
    origin: `http://127.0.0.1:${address.port}`,
    sockets,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Resolves when a connection is closed, also by an error. */
export function socketClosed(socket: Socket | undefined): Promise<void> {
  if (socket === undefined) throw new Error('not connected');
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else
      socket.on('close', () => {
        resolve();
      });
  });
}

/** Checks after each turn of the event loop. */
export async function waitUntil(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
