import pg from 'pg';
import { createTestDatabase, type TestDatabaseOptions } from './test-database.ts';

export interface Closable {
  close(): Promise<void>;
}

export interface OpenTestDatabaseOptions<Handle> extends TestDatabaseOptions {
  /** Opens what the tests use, such as a pool. Call `onIdleError` when an idle connection breaks: the tests then fail. */
  readonly open?: (url: string, onIdleError: (error: Error) => void) => Handle | Promise<Handle>;
}

/** A test database with its connections. */
export interface OpenTestDatabase<Handle> {
  readonly url: string;
  readonly name: string;
  readonly client: pg.Client;
  /** What `open` returned. */
  readonly handle: Handle | undefined;
  /**
   * Closes the handle and the client, and drops the database.
   * @throws when a connection was left open or an idle connection broke
   */
  close(): Promise<void>;
}

/** Creates a test database and connects to it. */
export async function openTestDatabase<Handle extends Closable>({
  open,
  ...options
}: OpenTestDatabaseOptions<Handle>): Promise<OpenTestDatabase<Handle>> {
  const database = await createTestDatabase(options);
  const idleErrors: Error[] = [];
  const onIdleError = (error: Error): void => {
    idleErrors.push(error);
  };
  const client = new pg.Client({ connectionString: database.url, application_name: 'test support' });
  client.on('error', onIdleError);
  await client.connect();
  const handle = await open?.(database.url, onIdleError);
  return {
    url: database.url,
    name: database.name,
    client,
    handle,
    close: async () => {
      await handle?.close();
      await client.end();
      await database.drop();
      if (idleErrors.length > 0)
        throw new AggregateError(idleErrors, `idle connections broke: ${idleErrors.join('; ')}`);
    },
  };
}
