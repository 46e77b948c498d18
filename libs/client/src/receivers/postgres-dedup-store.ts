import type { DedupResult, DedupStore } from './dedup-store.ts';

/** What is used of a result of `pg`. */
export interface PostgresResult {
  readonly command: string;
  readonly rowCount: number | null;
  readonly rows: readonly unknown[];
}

/** What is used of a connection of `pg`. */
export interface PostgresClient {
  query(text: string, values?: unknown[]): Promise<PostgresResult>;
  release(destroy?: boolean): void;
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
}

/** What is used of a `pg.Pool`. */
export interface PostgresPool<Client extends PostgresClient> {
  connect(): Promise<Client>;
}

export interface PostgresDedupStoreOptions {
  /** Whose ids these are: handlers with different names each get every callback. 1 to 200 characters. */
  readonly consumer: string;
  /** The table, with a schema if needed; `handled_callbacks` by default. */
  readonly table?: string;
}

/** A {@link DedupStore} in the caller's PostgreSQL. */
export interface PostgresDedupStore<Client extends PostgresClient> extends DedupStore<Client> {
  /** Creates the table if it does not exist. Or put {@link createTableSql} into a migration. */
  createTable(): Promise<void>;
  readonly createTableSql: string;
  /** Forgets ids that are older, in days, and returns how many. Keep them longer than a timer is retried. */
  prune(olderThanDays: number): Promise<number>;
}

const IDENTIFIER = /^[a-z_][a-z0-9_]{0,62}(\.[a-z_][a-z0-9_]{0,62})?$/;

/** A connection that breaks emits an error besides the one of its query; without a listener that ends the process. */
function ignore(): void {
  // The query reports it.
}

class PoolDedupStore<Client extends PostgresClient> implements PostgresDedupStore<Client> {
  readonly createTableSql: string;
  readonly #pool: PostgresPool<Client>;
  readonly #consumer: string;
  readonly #table: string;

  constructor(
    pool: PostgresPool<Client>,
    { consumer, table = 'handled_callbacks' }: PostgresDedupStoreOptions,
  ) {
    if (consumer === '' || consumer.length > 200)
      throw new TypeError('consumer of a PostgreSQL dedup store must have 1 to 200 characters');
    if (!IDENTIFIER.test(table))
      throw new TypeError(
        `table of a PostgreSQL dedup store must be a name of lower-case letters, digits and _, with or without a schema; got ${JSON.stringify(table)}`,
      );
    this.#pool = pool;
    this.#consumer = consumer;
    this.#table = table;
    this.createTableSql = `CREATE TABLE IF NOT EXISTS ${table} (
  consumer text NOT NULL,
  id text NOT NULL,
  handled_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer, id)
)`;
  }

  once(id: string, handle: (client: Client) => Promise<void>): Promise<DedupResult> {
    return this.#transaction(async (client) => {
      const claimed = await this.#claim(client, id);
      if (claimed !== undefined) return claimed;
      await handle(client);
      return 'handled';
    });
  }

  async createTable(): Promise<void> {
    await this.#transaction(async (client) => {
      // Two processes that start together would otherwise create it twice, which fails even with IF NOT EXISTS.
      await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [this.#table]);
      await client.query(this.createTableSql);
    });
  }

  async prune(olderThanDays: number): Promise<number> {
    const { rowCount } = await this.#transaction((client) =>
      client.query(
        `DELETE FROM ${this.#table} WHERE consumer = $1 AND handled_at < now() - make_interval(secs => $2)`,
        [this.#consumer, olderThanDays * 86_400],
      ),
    );
    return rowCount ?? 0;
  }

  /** Without the lock, a second insert would wait for the first transaction to end, and hold a connection for that long. */
  async #claim(client: Client, id: string): Promise<Exclude<DedupResult, 'handled'> | undefined> {
    const { rows } = await client.query(
      'SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS locked',
      [`${this.#table} ${this.#consumer} ${id}`],
    );
    const [row] = rows as readonly { readonly locked: boolean }[];
    if (row?.locked !== true) return 'in progress';
    const { rowCount } = await client.query(
      `INSERT INTO ${this.#table} (consumer, id) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
      [this.#consumer, id],
    );
    return rowCount === 0 ? 'duplicate' : undefined;
  }

  async #transaction<Result>(work: (client: Client) => Promise<Result>): Promise<Result> {
    const client = await this.#pool.connect();
    client.on('error', ignore);
    let isUsable = false;
    try {
      await client.query('BEGIN');
      const result = await work(client);
      const { command } = await client.query('COMMIT');
      isUsable = true;
      // PostgreSQL does not call it an error to commit a transaction in which a statement failed.
      if (command !== 'COMMIT')
        throw new Error(
          'The transaction was rolled back: a statement failed and the handler caught its error',
        );
      return result;
    } catch (error) {
      if (!isUsable)
        isUsable = await client.query('ROLLBACK').then(
          () => true,
          () => false,
        );
      throw error;
    } finally {
      client.off('error', ignore);
      client.release(!isUsable);
    }
  }
}

/**
 * Remembers ids in a table of your database. The handler gets the transaction as `context.transaction`, a connection of
 * the pool: what it writes with it commits together with the id, so that the effect of a callback happens exactly once.
 * The handler must not end the transaction.
 *
 * @param pool of `pg`; each callback that is being handled takes a connection
 * @throws {TypeError} if an option is not valid
 */
export function postgresDedupStore<Client extends PostgresClient>(
  pool: PostgresPool<Client>,
  options: PostgresDedupStoreOptions,
): PostgresDedupStore<Client> {
  return new PoolDedupStore(pool, options);
}
