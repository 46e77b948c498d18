import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A TCP relay to a server on 127.0.0.1 that a test can stall and cut. */
export interface TcpRelay {
  readonly port: number;
  /** Drops what clients send from now on. Connections stay open. */
  stall(): void;
  /** Resolves when data has been dropped. */
  dataDropped(): Promise<void>;
  /** Cuts all connections. New ones are relayed again. */
  cut(): void;
  close(): Promise<void>;
}

export async function startTcpRelay(targetPort: number): Promise<TcpRelay> {
  const sockets = new Set<Socket>();
  let isStalled = false;
  let onDropped: () => void;
  const dropped = new Promise<void>((resolve) => {
    onDropped = resolve;
  });
  const server = createServer((client) => {
    const target = connect(targetPort, '127.0.0.1');
    for (const socket of [client, target]) {
      sockets.add(socket);
      // Errors of cut connections are expected: tests check the client.
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        target.destroy();
      });
    }
    target.pipe(client);
    client.on('data', (chunk) => {
      if (isStalled) onDropped();
      else target.write(chunk);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening');

  function cut(): void {
    isStalled = false;
    for (const socket of sockets) socket.destroy();
  }

  return {
    port: address.port,
    stall: () => {
      isStalled = true;
    },
    dataDropped: () => dropped,
    cut,
    close: async () => {
      server.close();
      cut();
      await once(server, 'close');
    },
  };
}
