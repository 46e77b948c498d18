import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Schema } from './schema.ts';

/** How to reach the database. */
export interface ConnectOptions {
  readonly url: string;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  /** Connections at most. */
  readonly poolSize: number;
  /**
   * Set when a pooler hands out connections per transaction (PgBouncer): named prepared statements and start-up
   * parameters are then left out, because they belong to a session.
   */
  readonly transactionPooler?: boolean;
  /**
   * Set where every statement is a named one that finds its rows by index: keeps PostgreSQL from choosing anything else.
   * A plan that was made while a table was nearly empty would scan it, and is kept until statistics are taken anew,
   * however much was stored meanwhile.
   */
  readonly byIndexOnly?: boolean;
  /** Told of connections that broke while idle; the pool replaces them by itself. */
  readonly onIdleError: (error: Error) => void;
}

/** Longest run of one statement, in milliseconds; the server ends it then. */
const STATEMENT_TIMEOUT_MS = 30_000;
/**
 * How long an answer is waited for, in milliseconds: a server that froze or was cut off ends nothing by itself, and
 * without this the pool would lose its connections one by one.
 */
const ANSWER_TIMEOUT_MS = STATEMENT_TIMEOUT_MS + 5_000;
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
/** How long a request for a connection waits before it fails, in milliseconds. */
const CONNECT_TIMEOUT_MS = 5_000;

/** A statement with a name to prepare it under: its text must never depend on values. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** Names an SQL text, so that each connection parses and plans it once. */
export function statement(name: string, text: string): Statement {
  return { name, text };
}

/** A pool of connections to one timer database. */
export class Database {
  /** For queries that are put together from parts. */
  readonly kysely: Kysely<Schema>;
  readonly #pool: pg.Pool;
  readonly #prepare: boolean;

  constructor(pool: pg.Pool, prepare: boolean) {
    this.#pool = pool;
    this.#prepare = prepare;
    this.kysely = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
  }

  /**
   * Runs one statement and returns its rows. `Row` is what the statement's text selects; the tests run every statement
   * on a real PostgreSQL.
   */
  async rows<Row extends pg.QueryResultRow>(
    { name, text }: Statement,
    values: readonly unknown[] = [],
  ): Promise<Row[]> {
    const config = { text, values: [...values], ...(this.#prepare ? { name } : {}) };
    const result = await this.#pool.query<Row>(config);
    return result.rows;
  }

  /** Closes every connection; waits for statements that are under way. */
  async close(): Promise<void> {
    await this.#pool.end();
  }
}

/** Makes a pool; connects when the first statement is run. */
export function connect(options: ConnectOptions): Database {
  const session = options.transactionPooler !== true;
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.poolSize,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: ANSWER_TIMEOUT_MS,
    keepAlive: true,
    ...(session
      ? {
          application_name: options.applicationName,
          statement_timeout: STATEMENT_TIMEOUT_MS,
          ...(options.byIndexOnly === true ? { options: BY_INDEX_ONLY } : {}),
        }
      : {}),
  });
  // Without a listener a connection that breaks while idle ends the process.
  pool.on('error', options.onIdleError);
  return new Database(pool, session);
}
