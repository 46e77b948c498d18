import pg from 'pg';
import { type Database, statement } from '../connect.ts';

/** Due instants of timers that were stored, in milliseconds since 1970. */
export interface DueRange {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface ListenerOptions {
  readonly url: string;
  readonly applicationName: string;
  readonly onDue: (range: DueRange) => void;
  readonly onError: (error: unknown) => void;
}

const CHANNEL = 'timers_due';
const CONNECT_TIMEOUT_MS = 5_000;
/** How long a lost connection waits before it is opened again. */
const RECONNECT_MS = 1_000;

const NOTIFY = statement('notify-due', `SELECT pg_notify('${CHANNEL}', $1)`);

/** Notifies all listeners of timers that are due soon. */
export async function notifyDue(db: Database, { fromMs, toMs }: DueRange): Promise<void> {
  await db.rows(NOTIFY, [`${fromMs} ${toMs}`]);
}

/** undefined: another program has used the channel. */
function parseRange(payload: string | undefined): DueRange | undefined {
  const [fromMs, toMs] = (payload ?? '').split(' ').map(Number);
  if (fromMs === undefined || toMs === undefined || !(fromMs <= toMs)) return undefined;
  return { fromMs, toMs };
}

/**
 * Receives the notifications of {@link notifyDue} on a connection of its own, and opens it again when it is lost. What is
 * sent in between is not received: listeners must not rely on notifications.
 */
export class DueListener {
  readonly #options: ListenerOptions;
  #client: pg.Client | undefined;
  #reconnect: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  start(): void {
    const { url, applicationName, onDue, onError } = this.#options;
    const client = new pg.Client({
      connectionString: url,
      application_name: applicationName,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
    });
    this.#client = client;
    client.on('notification', ({ payload }) => {
      const range = parseRange(payload);
      if (range !== undefined) onDue(range);
    });
    client.on('error', onError);
    client.on('end', () => {
      this.#reconnectLater(client);
    });
    client
      .connect()
      .then(() => client.query(`LISTEN ${CHANNEL}`))
      .catch((error: unknown) => {
        if (!this.#stopped) onError(error);
        this.#reconnectLater(client);
      });
  }

  /** Closes the connection. Idempotent. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#reconnect);
    await this.#client?.end().catch(() => undefined);
  }

  /** A failed connection can report its end twice. */
  #reconnectLater(client: pg.Client): void {
    if (this.#stopped || client !== this.#client) return;
    this.#client = undefined;
    client.end().catch(() => undefined);
    this.#reconnect = setTimeout(() => {
      this.start();
    }, RECONNECT_MS);
  }
}
