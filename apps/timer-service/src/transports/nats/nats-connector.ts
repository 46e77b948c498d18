import { readFileSync } from 'node:fs';
import { connect, type ConnectionOptions, credsAuthenticator, ErrorCode } from 'nats';
import { STOPPING } from '../outcome.ts';
import type { Outcome } from '../transport.ts';
import type { TransportLog } from '../transport-log.ts';
import { CREDENTIALS_REJECTED, NOT_CONNECTED } from './nats-outcome.ts';
import { NatsSession } from './nats-session.ts';
import type { NatsSettings } from './nats-settings.ts';

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 2_000;
const DIAL_TIMEOUT_MS = 5_000;
/** The client detects a dead connection after at most three intervals. */
const PING_INTERVAL_MS = 10_000;

const CREDENTIAL_ERRORS: ReadonlySet<string> = new Set([
  ErrorCode.AuthorizationViolation,
  ErrorCode.AuthenticationExpired,
  ErrorCode.AuthenticationTimeout,
  ErrorCode.AccountExpired,
  ErrorCode.BadAuthentication,
  ErrorCode.BadCreds,
]);

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

/** The code of an error. Messages are not logged: they can contain addresses and text of the server. */
function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unknown';
}

/** Keeps a connection to NATS: dials immediately and again after every loss, until it is closed. */
export class NatsConnector {
  readonly #options: ConnectionOptions;
  readonly #timeoutMs: number;
  readonly #log: TransportLog;
  readonly #onMaxPayload: (bytes: number) => void;
  #session: NatsSession | undefined;
  #maxPayload: number | undefined;
  #disconnectedOutcome: Outcome = NOT_CONNECTED;
  /** The code logged last: each cause of an outage is logged once, not on every dial. */
  #loggedCode: string | undefined;
  #isClosed = false;
  #wake: (() => void) | undefined;
  readonly #firstDial: Promise<void>;

  /** @param onMaxPayload called when a connection has another {@link maxPayload} than the last one */
  constructor(settings: NatsSettings, log: TransportLog, onMaxPayload: (bytes: number) => void) {
    this.#timeoutMs = settings.timeoutMs;
    this.#log = log;
    this.#onMaxPayload = onMaxPayload;
    this.#options = connectionOptions(settings);
    this.#firstDial = this.#dial();
    void this.#keepConnected();
  }

  /** The current session; undefined while not connected. */
  get session(): NatsSession | undefined {
    return this.#session?.isOpen === true ? this.#session : undefined;
  }

  /** The outcome of attempts while there is no session. */
  get disconnectedOutcome(): Outcome {
    return this.#isClosed ? STOPPING : this.#disconnectedOutcome;
  }

  /** That of the current or the last session, in bytes; undefined before the first one. */
  get maxPayload(): number | undefined {
    return this.#maxPayload;
  }

  /** Resolves when the first dial has succeeded or failed: timers due right after the start wait for it. */
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
        if (this.#isStopping()) return;
        this.#disconnectedOutcome = NOT_CONNECTED;
        this.#log.warn({ code: codeOf(error) }, 'lost the connection to NATS');
        delayMs = FIRST_RETRY_MS;
      }
      await this.#sleep(delayMs);
      delayMs = Math.min(delayMs * 2, LONGEST_RETRY_MS);
      if (!this.#isStopping()) await this.#dial();
    }
  }

  /** A method because the compiler assumes that a property does not change during an await. */
  #isStopping(): boolean {
    return this.#isClosed;
  }

  async #dial(): Promise<void> {
    try {
      const connection = await connect(this.#options);
      this.#session = new NatsSession(connection, this.#timeoutMs);
      this.#readMaxPayload(this.#session);
      if (this.#isStopping()) await this.#session.close(STOPPING);
      else this.#log.info({ server: connection.getServer() }, 'connected to NATS');
      this.#loggedCode = undefined;
    } catch (error) {
      const code = codeOf(error);
      this.#disconnectedOutcome = CREDENTIAL_ERRORS.has(code) ? CREDENTIALS_REJECTED : NOT_CONNECTED;
      if (code !== this.#loggedCode) this.#log.warn({ code }, 'cannot connect to NATS; retrying');
      this.#loggedCode = code;
    }
  }

  #readMaxPayload({ maxPayload }: NatsSession): void {
    if (maxPayload === undefined || maxPayload === this.#maxPayload) return;
    this.#maxPayload = maxPayload;
    this.#onMaxPayload(maxPayload);
  }

  #sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timeout = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timeout);
        resolve();
      };
      if (this.#isClosed) this.#wake();
    });
  }
}
