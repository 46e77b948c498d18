import { readFileSync } from 'node:fs';
import { connect, type ConnectionOptions, credsAuthenticator, ErrorCode } from 'nats';
import { retryable } from '../outcome.ts';
import type { Outcome } from '../transport.ts';
import type { TransportLog } from '../transport-log.ts';
import { NOT_CONNECTED, STOPPING } from './nats-outcome.ts';
import { NatsSession } from './nats-session.ts';
import type { NatsSettings } from './nats-settings.ts';

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 2_000;
const DIAL_TIMEOUT_MS = 5_000;
/** A silent connection is found dead after at most three of these. */
const PING_INTERVAL_MS = 10_000;

function connectionOptions(settings: NatsSettings): ConnectionOptions {
  const { credsFile, password, servers, tls, token, user } = settings;
  return {
    servers: [...servers],
    name: 'timer-service',
    reconnect: false,
    timeout: DIAL_TIMEOUT_MS,
    pingInterval: PING_INTERVAL_MS,
    noAsyncTraces: true,
    ...(user !== undefined && { user, pass: password ?? '' }),
    ...(token !== undefined && { token }),
    ...(credsFile !== undefined && { authenticator: credsAuthenticator(() => readFileSync(credsFile)) }),
    ...(tls !== undefined && { tls: { ...tls } }),
  };
}

/** What may be told of an error: its code. Messages can hold addresses and what a server chose to say. */
function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unknown';
}

const REFUSED_CREDENTIALS: ReadonlySet<string> = new Set([
  ErrorCode.AuthorizationViolation,
  ErrorCode.AuthenticationExpired,
  ErrorCode.AuthenticationTimeout,
  ErrorCode.AccountExpired,
  ErrorCode.BadAuthentication,
  ErrorCode.BadCreds,
]);

const CREDENTIALS_REFUSED = retryable('not connected to NATS: it refuses the credentials of this service', {
  unreachable: true,
});

/** Keeps a connection to NATS, for ever: dials at once, and again whenever it is lost. */
export class NatsConnector {
  readonly #options: ConnectionOptions;
  readonly #settings: NatsSettings;
  readonly #log: TransportLog;
  #session: NatsSession | undefined;
  #disconnectedOutcome: Outcome = NOT_CONNECTED;
  /** The code of the failed dial that was logged last: each cause of an outage once, not every dial. */
  #loggedFailure: string | undefined;
  #isClosed = false;
  #wake: (() => void) | undefined;
  readonly #firstDial: Promise<void>;

  constructor(settings: NatsSettings, log: TransportLog) {
    this.#settings = settings;
    this.#log = log;
    this.#options = connectionOptions(settings);
    this.#firstDial = this.#dial();
    void this.#keepConnected();
  }

  /** The connection, if there is one. */
  get session(): NatsSession | undefined {
    return this.#session?.isOpen === true ? this.#session : undefined;
  }

  /** What becomes of an attempt while there is no connection. */
  get away(): Outcome {
    return this.#isClosed ? STOPPING : this.#disconnectedOutcome;
  }

  /** Resolves when the first dial has ended, either way: a timer due right after the start should not fail for that. */
  firstDialEnded(): Promise<void> {
    return this.#firstDial;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#wake?.();
    await this.#session?.close(STOPPING);
  }

  async #keepConnected(): Promise<void> {
    await this.#firstDial;
    let delayMs = FIRST_RETRY_MS;
    while (!this.#isClosed) {
      if (this.#session !== undefined) {
        const error = await this.#session.closed();
        this.#session = undefined;
        if (this.#stopping()) return;
        this.#disconnectedOutcome = NOT_CONNECTED;
        this.#log.warn({ code: codeOf(error) }, 'lost the connection to NATS');
        delayMs = FIRST_RETRY_MS;
      }
      await this.#sleep(delayMs);
      delayMs = Math.min(delayMs * 2, LONGEST_RETRY_MS);
      if (!this.#stopping()) await this.#dial();
    }
  }

  /** A method, because the compiler takes a property to be unchanged over an await. */
  #stopping(): boolean {
    return this.#isClosed;
  }

  async #dial(): Promise<void> {
    try {
      const connection = await connect(this.#options);
      this.#session = new NatsSession(connection, this.#settings.timeoutMs);
      if (this.#stopping()) await this.#session.close(STOPPING);
      else this.#log.info({ server: connection.getServer() }, 'connected to NATS');
      this.#loggedFailure = undefined;
    } catch (error) {
      const code = codeOf(error);
      this.#disconnectedOutcome = REFUSED_CREDENTIALS.has(code) ? CREDENTIALS_REFUSED : NOT_CONNECTED;
      if (code !== this.#loggedFailure) this.#log.warn({ code }, 'cannot connect to NATS, trying on');
      this.#loggedFailure = code;
    }
  }

  #sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
      if (this.#isClosed) this.#wake();
    });
  }
}
