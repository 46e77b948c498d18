import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import type pg from 'pg';
import {
  type Closable,
  type OpenTestDatabase,
  openTestDatabase,
  type OpenTestDatabaseOptions,
} from './open-test-database.ts';

export interface WithTestDatabaseOptions<Handle> extends OpenTestDatabaseOptions<Handle> {
  /** true: a new database for each test. By default one for the whole file or describe block. */
  readonly perTest?: boolean;
}

/** What {@link withTestDatabase} provides to hooks and tests. */
export interface TestDatabaseFixture<Handle = never> {
  readonly url: string;
  readonly name: string;
  /** What `open` returned. */
  readonly db: Handle;
  /** Runs SQL on a connection of its own, as `pg.Client.query` does. */
  readonly query: <Row extends pg.QueryResultRow = Record<string, unknown>>(
    text: string,
    values?: readonly unknown[],
  ) => Promise<pg.QueryResult<Row>>;
}

/**
 * Creates a test database before the tests and drops it after them, through hooks of Jest.
 *
 * Jest runs closing hooks in the order of their registration. Whatever uses the database must be closed by `close()` of
 * the handle or by a hook that is registered before the call.
 */
export function withTestDatabase<Handle extends Closable = never>({
  perTest = false,
  ...options
}: WithTestDatabaseOptions<Handle> = {}): TestDatabaseFixture<Handle> {
  let current: OpenTestDatabase<Handle> | undefined;
  const opened = (): OpenTestDatabase<Handle> => {
    if (current === undefined) throw new Error('the test database exists only in hooks and tests');
    return current;
  };
  const before = perTest ? beforeEach : beforeAll;
  const after = perTest ? afterEach : afterAll;
  before(async () => {
    current = await openTestDatabase(options);
  });
  after(async () => {
    const closing = current;
    current = undefined;
    await closing?.close();
  });
  return {
    get url() {
      return opened().url;
    },
    get name() {
      return opened().name;
    },
    get db() {
      const { handle } = opened();
      if (handle === undefined) throw new Error('withTestDatabase was called without open');
      return handle;
    },
    query: (text, values = []) => opened().client.query(text, [...values]),
  };
}
