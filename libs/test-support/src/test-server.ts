import { openTemporaryPostgres } from '@timer-platform/embedded-postgres';
import { z } from 'zod';
import { runOnServer } from './server-connection.ts';
import { createTemplateDatabase } from './template-database.ts';

/** The server for test databases and the name of the template. Passed to the tests as JSON in an environment variable. */
export const testServerAddressSchema = z.object({ url: z.string(), template: z.string() });
export type TestServerAddress = z.infer<typeof testServerAddressSchema>;

/** The environment variable that holds the {@link TestServerAddress}. */
export const TEST_SERVER_VARIABLE = 'TIMER_TEST_SERVER';

export interface TestServer {
  readonly address: TestServerAddress;
  stop(): Promise<void>;
}

/**
 * Provides a server with a migrated template database.
 *
 * @param existingUrl an existing server, with a user that can create databases; by default, starts a temporary server
 */
export async function startTestServer(existingUrl: string | undefined): Promise<TestServer> {
  if (existingUrl !== undefined && existingUrl !== '') {
    const template = await createTemplateDatabase(existingUrl);
    return {
      address: { url: existingUrl, template },
      stop: () => runOnServer(existingUrl, `DROP DATABASE IF EXISTS ${template} WITH (FORCE)`),
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
