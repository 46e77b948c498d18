import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Relays connections to a server on this machine, and can hold back everything that is sent. */
export interface TcpRelay {
  readonly port: number;
  /** Holds back what both sides send. Connections stay open, and new ones are accepted but not relayed. */
  stall(): void;
  /** Delivers what was held back, and relays again. */
  resume(): void;
  /** Closes all connections and the port. Idempotent. */
  stop(): Promise<void>;
}

/** A client and its connection to the server. */
class RelayedConnection {
  readonly #client: Socket;
  readonly #target: Socket;

  constructor(client: Socket, targetPort: number, isStalled: boolean) {
    this.#client = client;
    this.#target = connect(targetPort, '127.0.0.1');
    for (const socket of [client, this.#target])
      socket.setNoDelay(true).on('error', () => {
        this.close();
      });
    if (!isStalled) this.relay();
    client.on('close', () => {
      this.close();
    });
    this.#target.on('close', () => {
      this.close();
    });
  }

  relay(): void {
    this.#client.pipe(this.#target);
    this.#target.pipe(this.#client);
  }

  stall(): void {
    this.#client.unpipe(this.#target).pause();
    this.#target.unpipe(this.#client).pause();
  }

  onClosed(listener: () => void): void {
    this.#client.once('close', listener);
  }

  close(): void {
    this.#client.destroy();
    this.#target.destroy();
  }
}

/** Starts a relay to a port of 127.0.0.1. */
export async function startTcpRelay(targetPort: number): Promise<TcpRelay> {
  const connections = new Set<RelayedConnection>();
  let isStalled = false;
  const server = createServer({ pauseOnConnect: true }, (client) => {
    const connection = new RelayedConnection(client, targetPort, isStalled);
    connections.add(connection);
    connection.onClosed(() => {
      connections.delete(connection);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  let stopped: Promise<unknown> | undefined;
  return {
    port: (server.address() as AddressInfo).port,
    stall: () => {
      isStalled = true;
      for (const connection of connections) connection.stall();
    },
    resume: () => {
      isStalled = false;
      for (const connection of connections) connection.relay();
    },
    stop: async () => {
      if (stopped === undefined) {
        stopped = once(server, 'close');
        server.close();
        for (const connection of connections) connection.close();
      }
      await stopped;
    },
  };
}
