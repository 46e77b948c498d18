import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Schema } from './schema.ts';

/** How to reach the database. */
export interface ConnectOptions {
  readonly url: string;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  /** Maximum number of connections. */
  readonly poolSize: number;
  /**
   * true if a pooler such as PgBouncer assigns connections per transaction. Named prepared statements and start-up
   * parameters are then not used, because they belong to a session.
   */
  readonly transactionPooler?: boolean;
  /**
   * true if all statements are named and find their rows by index: PostgreSQL may then use nothing else. Otherwise it
   * could plan a table scan while the table is nearly empty, and keep that plan until the next ANALYZE, no matter how
   * much the table has grown.
   */
  readonly byIndexOnly?: boolean;
  /** Called when an idle connection breaks. The pool replaces it. */
  readonly onIdleError: (error: Error) => void;
}

/** The server cancels a statement after this time, in milliseconds. */
const STATEMENT_TIMEOUT_MS = 30_000;
/**
 * The client gives up on a statement after this time, in milliseconds. A server that is frozen or unreachable cancels
 * nothing: without this timeout the pool would lose its connections one by one.
 */
const RESPONSE_TIMEOUT_MS = STATEMENT_TIMEOUT_MS + 5_000;
/** See {@link ConnectOptions.byIndexOnly}. */
const BY_INDEX_ONLY = [
  'plan_cache_mode=force_generic_plan',
  'enable_seqscan=off',
  'enable_bitmapscan=off',
  'enable_hashjoin=off',
  'enable_mergejoin=off',
]
  .map((setting) => `-c ${setting}`)
  .join(' ');
/** Timeout for getting a connection, in milliseconds. */
const CONNECT_TIMEOUT_MS = 5_000;

/** A prepared statement. Its text must not depend on values. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** Names an SQL text. Each connection parses and plans it once. */
export function statement(name: string, text: string): Statement {
  return { name, text };
}

/** A connection pool of one timer database. */
export class Database {
  /** For queries whose text is composed at run time. */
  readonly kysely: Kysely<Schema>;
  readonly #pool: pg.Pool;
  readonly #prepare: boolean;

  constructor(pool: pg.Pool, prepare: boolean) {
    this.#pool = pool;
    this.#prepare = prepare;
    this.kysely = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
  }

  /**
   * Runs one statement and returns its rows. `Row` must match the columns of the text: the compiler cannot check it, but
   * the tests run every statement on a real PostgreSQL.
   */
  async rows<Row extends pg.QueryResultRow>(
    { name, text }: Statement,
    values: readonly unknown[] = [],
  ): Promise<Row[]> {
    const config = { text, values: [...values], ...(this.#prepare ? { name } : {}) };
    const result = await this.#pool.query<Row>(config);
    return result.rows;
  }

  /** Waits for running statements and closes all connections. */
  async close(): Promise<void> {
    await this.#pool.end();
  }
}

/** Creates a pool. The first statement opens a connection. */
export function connect(options: ConnectOptions): Database {
  const session = options.transactionPooler !== true;
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.poolSize,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: RESPONSE_TIMEOUT_MS,
    keepAlive: true,
    ...(session
      ? {
          application_name: options.applicationName,
          statement_timeout: STATEMENT_TIMEOUT_MS,
          ...(options.byIndexOnly === true ? { options: BY_INDEX_ONLY } : {}),
        }
      : {}),
  });
  // Without a listener, an idle connection that breaks would end the process.
  pool.on('error', options.onIdleError);
  return new Database(pool, session);
}
