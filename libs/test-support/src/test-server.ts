import { openTemporaryPostgres } from '@timer-platform/embedded-postgres';
import { z } from 'zod';
import { runOnServer } from './server-connection.ts';
import { createTemplateDatabase } from './template-database.ts';

/** Where test databases are made, and from what. Handed to the tests in the environment, as JSON. */
export const testServerAddressSchema = z.object({ url: z.string(), template: z.string() });
export type TestServerAddress = z.infer<typeof testServerAddressSchema>;

/** The variable that holds the {@link TestServerAddress}. */
export const TEST_SERVER_VARIABLE = 'TIMER_TEST_SERVER';

export interface TestServer {
  readonly address: TestServerAddress;
  stop(): Promise<void>;
}

/**
 * Prepares a server with a migrated template database.
 *
 * @param givenUrl a server to use, as a user that may create databases; without it a throw-away one is started
 */
export async function startTestServer(givenUrl: string | undefined): Promise<TestServer> {
  if (givenUrl !== undefined && givenUrl !== '') {
    const template = await createTemplateDatabase(givenUrl);
    return {
      address: { url: givenUrl, template },
      stop: () => runOnServer(givenUrl, `DROP DATABASE IF EXISTS ${template} WITH (FORCE)`),
    };
  }
  const server = await openTemporaryPostgres({ log: () => undefined, settings: { max_connections: '300' } });
  try {
    const template = await createTemplateDatabase(server.url);
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
