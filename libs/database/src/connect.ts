import { Kysely, PostgresDialect } from 'kysely';
import type pg from 'pg';
import { GuardedPool } from './guarded-pool.ts';
import type { Schema } from './schema.ts';
import { PINNED_SETTINGS, type SessionSettings, withSessionSettings } from './session-settings.ts';

/** How to reach the database. */
export interface ConnectOptions {
  readonly url: string;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  /** Maximum number of connections. */
  readonly poolSize: number;
  /**
   * true if a pooler such as PgBouncer assigns connections per transaction. Named prepared statements and start-up
   * parameters are then not used, because they belong to a session. The settings that the service depends on cannot be
   * set either: checkSchema refuses others.
   */
  readonly transactionPooler?: boolean;
  /**
   * true if all statements are named and find their rows by index: PostgreSQL may then use nothing else. Otherwise it
   * could plan a table scan while the table is nearly empty, and keep that plan until the next ANALYZE, no matter how
   * much the table has grown.
   */
  readonly byIndexOnly?: boolean;
  /** After this time, in milliseconds, a statement fails. 30 seconds by default. */
  readonly timeoutMs?: number;
  /** Called when an idle connection breaks. The pool replaces it. */
  readonly onIdleError: (error: Error) => void;
}

/** The server cancels a statement after this time, in milliseconds. */
const STATEMENT_TIMEOUT_MS = 30_000;
/**
 * The client gives up on a statement this much later. A server that is frozen or unreachable cancels nothing: without this
 * timeout the pool would lose its connections one by one.
 */
const RESPONSE_MARGIN = 7 / 6;
/** See {@link ConnectOptions.byIndexOnly}. */
const BY_INDEX_ONLY: SessionSettings = {
  plan_cache_mode: 'force_generic_plan',
  enable_seqscan: 'off',
  enable_bitmapscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  // The price of a sequential scan that is switched off would be enough to compile each plan.
  jit: 'off',
};
/**
 * A new connection compiles every statement without what PostgreSQL caches of the tables: those that read the console's
 * numbers every 15 s would pay for it each time, with the 10 s that the pool has by default.
 */
const IDLE_TIMEOUT_MS = 60_000;
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
  readonly #pool: GuardedPool;
  readonly #prepare: boolean;

  constructor(pool: GuardedPool, prepare: boolean) {
    this.#pool = pool;
    this.#prepare = prepare;
    this.kysely = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
  }

  /**
   * Runs one statement and returns its rows. `Row` must match the columns of the text: the compiler cannot check it, but
   * the tests run every statement on a real PostgreSQL.
   */
  async rows<Row extends pg.QueryResultRow>(
    statement: Statement,
    values: readonly unknown[] = [],
  ): Promise<Row[]> {
    const { rows } = await this.#query<Row>(statement, values);
    return rows;
  }

  /** Runs one statement and returns how many rows it changed, or found if it is a SELECT. */
  async count(statement: Statement, values: readonly unknown[] = []): Promise<number> {
    const { rowCount } = await this.#query(statement, values);
    return rowCount ?? 0;
  }

  #query<Row extends pg.QueryResultRow>(
    { name, text }: Statement,
    values: readonly unknown[],
  ): Promise<pg.QueryResult<Row>> {
    return this.#pool.query<Row>({ text, values: [...values], ...(this.#prepare ? { name } : {}) });
  }

  /**
   * Waits for running statements and closes all connections.
   *
   * @param graceMs breaks connections whose statements run longer than this; without it, statements run up to their
   *   time limit, also while the server is silent
   */
  async close(graceMs?: number): Promise<void> {
    await this.#pool.end(graceMs);
  }
}

/** Creates a pool. The first statement opens a connection. */
export function connect(options: ConnectOptions): Database {
  const session = options.transactionPooler !== true;
  const { timeoutMs = STATEMENT_TIMEOUT_MS } = options;
  // Compiling the plan of a search in a large table takes longer than the search.
  const settings = { jit: 'off', ...(options.byIndexOnly === true ? BY_INDEX_ONLY : {}), ...PINNED_SETTINGS };
  const pool = new GuardedPool(
    {
      max: options.poolSize,
      idleTimeoutMillis: IDLE_TIMEOUT_MS,
      connectionTimeoutMillis: Math.min(CONNECT_TIMEOUT_MS, timeoutMs),
      query_timeout: timeoutMs * RESPONSE_MARGIN,
      keepAlive: true,
      ...(session
        ? {
            ...withSessionSettings(options.url, settings),
            application_name: options.applicationName,
            statement_timeout: timeoutMs,
          }
        : { connectionString: options.url }),
    },
    options.onIdleError,
  );
  return new Database(pool, session);
}
