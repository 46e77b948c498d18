import type { Connect } from '../egress/guarded-connector.ts';
import { HttpConnection } from './http-connection.ts';

interface ConnectionLimits {
  /** Over all origins. */
  readonly maxIdle: number;
  /** How long a connection is kept idle, even if the receiver's `Keep-Alive: timeout` is longer. */
  readonly maxKeepAliveMs: number;
}

const DEFAULT_LIMITS: ConnectionLimits = { maxIdle: 512, maxKeepAliveMs: 30_000 };

/**
 * Keeps idle connections for reuse. The one used last is reused first, so that those not needed reach their keep-alive
 * timeout; above the limit the one idle longest is closed. The number of busy connections is not limited here.
 */
export class HttpConnections {
  readonly #connect: Connect;
  readonly #limits: ConnectionLimits;
  readonly #all = new Set<HttpConnection>();
  /** In the order in which they became idle. */
  readonly #idle = new Set<HttpConnection>();
  /** The idle ones of each origin, the one used last at the end. */
  readonly #idleByOrigin = new Map<string, HttpConnection[]>();

  constructor(connect: Connect, limits = DEFAULT_LIMITS) {
    this.#connect = connect;
    this.#limits = limits;
  }

  get idleCount(): number {
    return this.#idle.size;
  }

  /** An idle connection to an origin, or a new one. */
  take(origin: string): HttpConnection {
    const connection = this.#idleByOrigin.get(origin)?.pop();
    if (connection === undefined) return this.open(origin);
    this.#idle.delete(connection);
    return connection;
  }

  /** A new connection, which connects when it sends its first request. */
  open(origin: string): HttpConnection {
    const connection = new HttpConnection(origin, this.#connect, this, this.#limits.maxKeepAliveMs);
    this.#all.add(connection);
    return connection;
  }

  idle(connection: HttpConnection): void {
    const stack = this.#idleByOrigin.get(connection.origin);
    if (stack === undefined) this.#idleByOrigin.set(connection.origin, [connection]);
    else stack.push(connection);
    this.#idle.add(connection);
    const [longest] = this.#idle.size > this.#limits.maxIdle ? this.#idle : [];
    void longest?.close();
  }

  closed(connection: HttpConnection): void {
    this.#all.delete(connection);
    const stack = this.#idleByOrigin.get(connection.origin);
    if (this.#idle.delete(connection)) stack?.splice(stack.indexOf(connection), 1);
    if (stack?.length === 0) this.#idleByOrigin.delete(connection.origin);
  }

  /** Destroys every socket. */
  async close(): Promise<void> {
    await Promise.all([...this.#all].map((connection) => connection.close()));
  }
}
