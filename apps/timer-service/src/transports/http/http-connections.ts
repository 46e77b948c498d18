import type { Clock } from '../../clock.ts';
import type { Connect } from '../egress/guarded-connector.ts';
import { HttpConnection } from './http-connection.ts';

interface ConnectionLimits {
  /** Over all origins. */
  readonly maxIdle: number;
  /** How long a connection is kept idle, even if the receiver's `Keep-Alive: timeout` is longer. */
  readonly maxKeepAliveMs: number;
}

const CHECK_INTERVAL_MS = 250;
const DEFAULT_LIMITS: ConnectionLimits = { maxIdle: 512, maxKeepAliveMs: 30_000 };

/**
 * Keeps idle connections for reuse. The one used last is reused first, so that those not needed reach their keep-alive
 * timeout; above the limit the one idle longest is closed. The number of busy connections is not limited here.
 */
export class HttpConnections {
  readonly #clock: Clock;
  readonly #connect: Connect;
  readonly #limits: ConnectionLimits;
  readonly #all = new Set<HttpConnection>();
  /** Until when, by the monotonic clock; in the order in which they became idle. */
  readonly #idle = new Map<HttpConnection, number>();
  /** The idle ones of each origin, the one used last at the end. */
  readonly #idleByOrigin = new Map<string, HttpConnection[]>();
  #interval: NodeJS.Timeout | undefined;

  constructor(clock: Clock, connect: Connect, limits = DEFAULT_LIMITS) {
    this.#clock = clock;
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
    const untilMs = this.#idle.get(connection) ?? 0;
    this.#idle.delete(connection);
    if (untilMs > this.#clock.monotonicMs()) return connection;
    connection.close();
    return this.take(origin);
  }

  /** A new connection, which connects when it sends its first request. */
  open(origin: string): HttpConnection {
    const connection = new HttpConnection(origin, this.#connect, this);
    this.#all.add(connection);
    return connection;
  }

  idle(connection: HttpConnection): void {
    const stack = this.#idleByOrigin.get(connection.origin);
    if (stack === undefined) this.#idleByOrigin.set(connection.origin, [connection]);
    else stack.push(connection);
    const keepAliveMs = Math.min(connection.keepAliveMs, this.#limits.maxKeepAliveMs);
    this.#idle.set(connection, this.#clock.monotonicMs() + keepAliveMs);
    this.#interval ??= setInterval(() => {
      this.#closeExpired();
    }, CHECK_INTERVAL_MS);
    const [longest] = this.#idle.size > this.#limits.maxIdle ? this.#idle.keys() : [];
    longest?.close();
  }

  closed(connection: HttpConnection): void {
    this.#all.delete(connection);
    const stack = this.#idleByOrigin.get(connection.origin);
    if (this.#idle.delete(connection)) stack?.splice(stack.indexOf(connection), 1);
    if (stack?.length === 0) this.#idleByOrigin.delete(connection.origin);
  }

  /** Destroys every socket. */
  close(): void {
    for (const connection of [...this.#all]) connection.close();
    this.#stopChecking();
  }

  /** One interval for all: cheaper than a timer for each request. */
  #closeExpired(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [connection, untilMs] of this.#idle) if (untilMs <= nowMs) connection.close();
    if (this.#idle.size === 0) this.#stopChecking();
  }

  #stopChecking(): void {
    clearInterval(this.#interval);
    this.#interval = undefined;
  }
}
