import { connect, type Database } from '@timer-platform/database';
import { createTestDatabase, type TestDatabase } from '@timer-platform/test-support';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { type Clock, systemClock } from '../../clock.ts';
import { apiSettingsSchema } from '../api-settings.ts';
import { type ApiOptions, createServer } from '../server.ts';

/** The key of the role admin. */
export const API_KEY = 'a-test-key-of-more-than-32-characters';

/** An answer with its body parsed. */
export interface TestResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

export interface TestApi {
  readonly app: FastifyInstance;
  readonly db: Database;
  readonly database: TestDatabase;
  /** Every argument that `wake` was called with. */
  readonly wakes: (number | undefined)[];
  /** Everything that was logged, one line of JSON each. */
  readonly logged: string[];
  /** Sends a request with {@link API_KEY}; an object is sent as JSON. */
  request(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<TestResponse>;
  close(): Promise<void>;
}

export interface TestApiOptions extends Partial<Omit<ApiOptions, 'settings' | 'log' | 'wake'>> {
  /** Variables of the environment, beside API_KEY. */
  readonly env?: Readonly<Record<string, string>>;
  readonly database?: TestDatabase;
  /** Where the database is, when the API shall reach it another way than directly. */
  readonly databaseUrl?: string;
}

/** The API on a database of its own, without a dispatcher: timers stay as they are stored. */
export async function startTestApi({
  env = {},
  database: shared,
  databaseUrl,
  clock = systemClock,
  ...options
}: TestApiOptions = {}): Promise<TestApi> {
  const database = shared ?? (await createTestDatabase());
  const db =
    options.db ??
    connect({
      url: databaseUrl ?? database.url,
      applicationName: 'test api',
      poolSize: 10,
      onIdleError: () => undefined,
    });
  const wakes: (number | undefined)[] = [];
  const logged: string[] = [];
  const log = pino({ level: 'trace' }, { write: (line: string) => logged.push(line) });
  const app = await createServer({
    ...options,
    db,
    clock: clock satisfies Clock,
    settings: apiSettingsSchema.parse({ API_KEY, ...env }),
    log,
    wake: (dueAtMs) => wakes.push(dueAtMs),
  });
  return {
    app,
    db,
    database,
    wakes,
    logged,
    async request(method, path, body, headers) {
      const payload = body === undefined ? {} : { payload: JSON.stringify(body) };
      const answer = await app.inject({
        method: method as 'GET',
        url: path,
        headers: {
          'x-api-key': API_KEY,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...payload,
      });
      const isJson = String(answer.headers['content-type']).startsWith('application/json');
      const parsed: unknown = isJson ? JSON.parse(answer.payload) : answer.payload;
      return { status: answer.statusCode, headers: answer.headers, body: parsed };
    },
    async close() {
      await app.close();
      await db.close();
      if (shared === undefined) await database.drop();
    },
  };
}
