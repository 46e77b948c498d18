import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { z } from 'zod';
import { openTemporaryPostgres } from '../embedded/index.ts';
import { migrateToLatest } from '../migrations/index.ts';

/** Where test databases are made, and from what. Handed to the tests in the environment, as JSON. */
export const testServerAddressSchema = z.object({ url: z.string(), template: z.string() });
export type TestServerAddress = z.infer<typeof testServerAddressSchema>;

/** The variable that holds the {@link TestServerAddress}. */
export const TEST_SERVER_VARIABLE = 'TIMER_TEST_SERVER';

export interface TestServer {
  readonly address: TestServerAddress;
  stop(): Promise<void>;
}

/** The same server with another database. */
export function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}

/** Runs one statement outside of any transaction. */
export async function runOnServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, application_name: 'test kit' });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

async function makeTemplate(url: string): Promise<string> {
  const template = `timer_template_${randomBytes(6).toString('hex')}`;
  await runOnServer(url, `CREATE DATABASE ${template} TEMPLATE template0`);
  try {
    await migrateToLatest({ databaseUrl: withDatabase(url, template) });
    // A template that anyone is connected to, autovacuum included, cannot be copied.
    await runOnServer(url, `ALTER DATABASE ${template} ALLOW_CONNECTIONS false`);
    return template;
  } catch (error) {
    await runOnServer(url, `DROP DATABASE ${template} WITH (FORCE)`);
    throw error;
  }
}

/**
 * Prepares a server with a migrated template database.
 *
 * @param givenUrl a server to use, as a user that may create databases; without it a throw-away one is started
 */
export async function startTestServer(givenUrl: string | undefined): Promise<TestServer> {
  if (givenUrl !== undefined && givenUrl !== '') {
    const template = await makeTemplate(givenUrl);
    return {
      address: { url: givenUrl, template },
      stop: () => runOnServer(givenUrl, `DROP DATABASE IF EXISTS ${template} WITH (FORCE)`),
    };
  }
  const server = await openTemporaryPostgres({ log: () => undefined, settings: { max_connections: '300' } });
  try {
    const template = await makeTemplate(server.url);
    return {
      address: { url: server.url, template },
      stop: async () => {
        await server.stop();
      },
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}
