import { connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP relay to a server that a test can cut, freeze and restore. */
export interface TcpRelay {
  /** The URL of the server, with the host and port of the relay. */
  readonly url: string;
  /** Closes every connection and refuses new ones, like a stopped server. */
  cut(): Promise<void>;
  /** Stops all traffic in both directions, like a frozen server. New connections hang as well. */
  freeze(): void;
  /** Accepts connections again on the same port. Frozen connections are closed. */
  restore(): Promise<void>;
}

/** Starts a relay from a free port of 127.0.0.1 to the server with this URL. */
export async function startTcpRelay(serverUrl: string): Promise<TcpRelay> {
  const url = new URL(serverUrl);
  const target = { host: url.hostname, port: Number(url.port) };
  const sockets = new Set<Socket>();
  let frozen = false;

  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  };
  const relay = (client: Socket): void => {
    track(client);
    if (frozen) return;
    const server = connect(target);
    track(server);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.on('data', (chunk) => {
        if (!frozen && to.writable) to.write(chunk);
      });
      from.on('close', () => to.destroy());
    }
  };
  const listen = (port: number): Promise<Server> =>
    new Promise((resolve, reject) => {
      const server = createServer(relay);
      server.once('error', reject).listen(port, '127.0.0.1', () => {
        resolve(server);
      });
    });

  let server: Server | undefined = await listen(0);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server must have a port');
  const { port } = address;
  url.host = `127.0.0.1:${port}`;
  const closeAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: url.href,
    cut: () =>
      new Promise((resolve) => {
        const closing = server;
        server = undefined;
        if (closing === undefined) resolve();
        else
          closing.close(() => {
            resolve();
          });
        closeAll();
      }),
    freeze() {
      frozen = true;
    },
    async restore() {
      frozen = false;
      closeAll();
      server ??= await listen(port);
    },
  };
}
