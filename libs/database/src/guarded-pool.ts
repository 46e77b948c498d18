import pg from 'pg';

/** Whether the server reported this error of a statement and the session goes on: the connection can be used again. */
function leavesSessionUsable(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.severity !== 'FATAL' && error.severity !== 'PANIC';
}

/**
 * A pool that keeps a connection after an error of a statement, and replaces it after a timeout or a broken connection.
 * pg.Pool replaces it after every error that it sees, and Kysely reports none to it: a connection whose statement timed
 * out would go back to the pool while that statement still runs.
 */
export class GuardedPool {
  readonly #pool: pg.Pool;
  readonly #clients = new Set<pg.PoolClient>();

  /** @param onIdleError is called when an idle connection breaks */
  constructor(config: pg.PoolConfig, onIdleError: (error: Error) => void) {
    this.#pool = new pg.Pool(config);
    // Without a listener, an idle connection that breaks would end the process.
    this.#pool.on('error', onIdleError);
    this.#pool.on('connect', (client) => {
      // The statement in progress reports the error; the event without a listener would end the process.
      client.on('error', () => undefined);
      this.#clients.add(client);
    });
    this.#pool.on('remove', (client) => {
      this.#clients.delete(client);
    });
  }

  /** Runs one statement. */
  async query<Row extends pg.QueryResultRow>(config: pg.QueryConfig): Promise<pg.QueryResult<Row>> {
    const client = await this.#pool.connect();
    try {
      const result = await client.query<Row>(config);
      client.release();
      return result;
    } catch (error) {
      client.release(!leavesSessionUsable(error));
      throw error;
    }
  }

  /** A connection for Kysely. */
  async connect(): Promise<pg.PoolClient> {
    const client = await this.#pool.connect();
    let usable = true;
    async function query(text: string, values: unknown[]): Promise<pg.QueryResult> {
      try {
        return await client.query(text, values);
      } catch (error) {
        usable &&= leavesSessionUsable(error);
        throw error;
      }
    }
    function release(): void {
      client.release(!usable);
    }
    return new Proxy(client, {
      get: (target, name, receiver): unknown => {
        if (name === 'query') return query;
        return name === 'release' ? release : Reflect.get(target, name, receiver);
      },
    });
  }

  /**
   * Closes all connections when their statements have ended.
   *
   * @param graceMs breaks connections whose statements run longer than this
   */
  async end(graceMs?: number): Promise<void> {
    const breaking =
      graceMs === undefined
        ? undefined
        : setTimeout(() => {
            for (const client of this.#clients) client.connection.stream.destroy();
          }, graceMs);
    await this.#pool.end();
    clearTimeout(breaking);
  }
}
