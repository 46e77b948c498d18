import { connect as connectTcp, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** What a connection leads to. */
export interface ConnectTarget {
  /** `http:` or `https:` */
  readonly protocol: string;
  /** A name or an address, without the brackets of a URL. */
  readonly hostname: string;
  /** Empty: that of the scheme. */
  readonly port: string;
  /** For TLS: the name that the server is asked for and its certificate must have; empty: the address. */
  readonly servername: string;
}

export interface OpenSocketOptions {
  readonly port: number;
  readonly lookup: LookupFunction;
  /** For lookup, TCP and TLS together. */
  readonly timeoutMs: number;
  /** PEM; undefined: the authorities that Node.js trusts. */
  readonly certificateAuthorities: string | undefined;
  readonly sessions: TlsSessions;
}

class ConnectTimeoutError extends Error {
  override readonly name = 'ConnectTimeoutError';
  readonly code = 'ETIMEDOUT';

  constructor() {
    super('The connection was not open in time');
  }
}

const MAX_SESSIONS = 100;
/** After this much silence the operating system asks whether the other side is still there. */
const KEEP_ALIVE_PROBE_MS = 60_000;

/** Sessions of TLS servers, which make the next handshake with them shorter. */
export class TlsSessions {
  readonly #byServer = new Map<string, Buffer>();

  get(server: string): Buffer | undefined {
    return this.#byServer.get(server);
  }

  set(server: string, session: Buffer): void {
    this.#byServer.delete(server);
    this.#byServer.set(server, session);
    const [oldest] = this.#byServer.size > MAX_SESSIONS ? this.#byServer.keys() : [];
    if (oldest !== undefined) this.#byServer.delete(oldest);
  }
}

/**
 * Opens a TCP or TLS connection and calls back once, unless the socket is destroyed without an error before.
 *
 * @returns the socket that is connecting
 */
export function openSocket(
  target: ConnectTarget,
  options: OpenSocketOptions,
  callback: (error: Error | null, socket: Socket) => void,
): Socket {
  const isTls = target.protocol === 'https:';
  const socket = isTls ? openTls(target, options) : connectTcp(tcpOptions(target, options));
  const timeout = setTimeout(() => socket.destroy(new ConnectTimeoutError()), options.timeoutMs);
  const failed = (error: Error) => {
    callback(error, socket);
  };
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE_PROBE_MS);
  socket.once('error', failed);
  socket.once('close', () => {
    clearTimeout(timeout);
  });
  socket.once(isTls ? 'secureConnect' : 'connect', () => {
    clearTimeout(timeout);
    socket.off('error', failed);
    callback(null, socket);
  });
  return socket;
}

function tcpOptions({ hostname }: ConnectTarget, { lookup, port }: OpenSocketOptions) {
  return { host: hostname, port, lookup, autoSelectFamily: true };
}

function openTls(target: ConnectTarget, options: OpenSocketOptions): Socket {
  const { certificateAuthorities, sessions } = options;
  const server = `${target.servername || target.hostname}:${options.port}`;
  return connectTls({
    ...tcpOptions(target, options),
    servername: target.servername,
    session: sessions.get(server),
    ALPNProtocols: ['http/1.1'],
    ca: certificateAuthorities,
  }).on('session', (session) => {
    sessions.set(server, session);
  });
}
