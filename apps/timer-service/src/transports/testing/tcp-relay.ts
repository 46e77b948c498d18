import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A way to a server of 127.0.0.1 that a test can block. */
export interface TcpRelay {
  readonly port: number;
  /** From now on what clients send does not arrive. Their connections stay open. */
  stall(): void;
  /** Cuts all connections; what was held is gone. New ones get through. */
  cut(): void;
  close(): Promise<void>;
}

export async function startTcpRelay(targetPort: number): Promise<TcpRelay> {
  const sockets = new Set<Socket>();
  let isHolding = false;
  const server = createServer((client) => {
    const target = connect(targetPort, '127.0.0.1');
    for (const socket of [client, target]) {
      sockets.add(socket);
      // Cut connections end with errors of all kinds; the test looks at what its client makes of them.
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        target.destroy();
      });
    }
    target.pipe(client);
    client.on('data', (chunk) => {
      if (!isHolding) target.write(chunk);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening');

  function cut(): void {
    isHolding = false;
    for (const socket of sockets) socket.destroy();
  }

  return {
    port: address.port,
    stall: () => {
      isHolding = true;
    },
    cut,
    close: async () => {
      server.close();
      cut();
      await once(server, 'close');
    },
  };
}
