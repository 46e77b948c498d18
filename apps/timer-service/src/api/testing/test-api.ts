import { type Timer, timerResponseSchema, timerSummaryResponseSchema } from '@timer-platform/callback-types';
import { connect, type Database } from '@timer-platform/database';
import { createTestDatabase, type TestDatabase } from '@timer-platform/test-support';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { type Clock, systemClock } from '../../clock.ts';
import { apiSettingsSchema } from '../api-settings.ts';
import { type ApiOptions, createServer } from '../server.ts';

/** An API key of the role admin. */
export const API_KEY = 'a-test-key-of-more-than-32-characters';

/** A response with its body parsed if it is JSON. */
export interface TestResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

export interface TestApi {
  readonly app: FastifyInstance;
  readonly db: Database;
  readonly database: TestDatabase;
  /** The arguments of all calls of `wake`. */
  readonly wakes: (number | undefined)[];
  /** All log lines, as JSON. */
  readonly logged: string[];
  /** Sends a request with {@link API_KEY}; an object is sent as JSON. */
  request(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<TestResponse>;
  /** Creates a timer with this request body and returns its id. */
  createTimer(body: unknown): Promise<string>;
  getTimer(id: string, headers?: Record<string, string>): Promise<Timer>;
  /** Returns the number of stored timers. */
  countTimers(): Promise<number>;
  close(): Promise<void>;
}

export interface TestApiOptions extends Partial<Omit<ApiOptions, 'settings' | 'log' | 'wake'>> {
  /** Environment variables in addition to API_KEY. */
  readonly env?: Readonly<Record<string, string>>;
  readonly database?: TestDatabase;
  /** URL for the API's connections, if not that of the database itself. */
  readonly databaseUrl?: string;
}

/** Starts the API without a dispatcher, so timers stay pending. Creates a database unless one is given. */
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
  const request: TestApi['request'] = async (method, path, body, headers) => {
    const payload = body === undefined ? {} : { payload: JSON.stringify(body) };
    const response = await app.inject({
      method: method as 'GET',
      url: path,
      headers: {
        'x-api-key': API_KEY,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...payload,
    });
    const isJson = String(response.headers['content-type']).startsWith('application/json');
    const parsed: unknown = isJson ? JSON.parse(response.payload) : response.payload;
    return { status: response.statusCode, headers: response.headers, body: parsed };
  };
  return {
    app,
    db,
    database,
    wakes,
    logged,
    request,
    async createTimer(body) {
      const response = await request('POST', '/timers', body);
      if (response.status !== 201) throw new Error(`no timer created: ${JSON.stringify(response)}`);
      return timerSummaryResponseSchema.parse(response.body).data.id;
    },
    async getTimer(id, headers) {
      const response = await request('GET', `/timers/${id}`, undefined, headers);
      return timerResponseSchema.parse(response.body).data;
    },
    async countTimers() {
      const statement = { name: 'count', text: 'SELECT count(*)::integer AS count FROM timers' };
      const [row] = await db.rows<{ count: number }>(statement);
      if (row === undefined) throw new Error('count(*) returned no row');
      return row.count;
    },
    async close() {
      await app.close();
      await db.close();
      if (shared === undefined) await database.drop();
    },
  };
}
