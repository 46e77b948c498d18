import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  createTestDatabase,
  type NatsServer,
  type Receiver,
  startNatsServer,
  startReceiver,
  type TestDatabase,
} from '@timer-platform/test-support';
import { pino } from 'pino';
import { systemClock } from './clock.ts';
import { readConfig } from './config.ts';
import { type Service, startService } from './service.ts';

// What the clients of the first service send, and the fields that they read. They know no field that was added since,
// and no type of this workspace: the test compares plain JSON.

const API_KEY = 'dev-api-key-change-in-production-min-32-chars';
const INSTANT = expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/);
const ID = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
const LATER = '2099-01-31T09:00:00Z';

const HTTP = {
  type: 'http',
  url: 'http://127.0.0.1:18080/hook',
  headers: { 'X-Test-Header': 'http-test', Authorization: 'Bearer token123' },
  payload: { event: 'http_callback_test', timestamp: LATER },
};
const NATS = {
  type: 'nats',
  topic: 'timers.test.execution',
  key: 'test-key-123',
  payload: { event: 'nats_callback_test', timestamp: LATER },
};
const METADATA = { client_ref: 'order-456' };

interface Response {
  readonly status: number;
  readonly body: { readonly code: number; readonly data: Readonly<Record<string, unknown>> | null };
}

let database: TestDatabase;
let nats: NatsServer;
let receiver: Receiver;
let service: Service;

beforeAll(async () => {
  [database, nats, receiver] = await Promise.all([createTestDatabase(), startNatsServer(), startReceiver()]);
  const config = readConfig({
    DATABASE_URL: database.url,
    API_KEY,
    HOST: '127.0.0.1',
    PORT: '0',
    ALLOWED_DESTINATIONS: '127.0.0.1',
    NATS_URL: nats.url,
  });
  service = await startService({
    config,
    databaseUrl: database.url,
    log: pino({ level: 'silent' }),
    clock: systemClock,
    random: Math.random,
  });
});
afterAll(async () => {
  await service.stop();
  await Promise.all([nats.stop(), receiver.stop(), database.drop()]);
});

async function call(method: string, path: string, body?: object): Promise<Response> {
  const response = await fetch(`${service.url}${path}`, {
    method,
    headers: { 'X-API-Key': API_KEY, 'Content-Type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Response['body'] };
}

async function create(callback: object, executeAt = LATER): Promise<string> {
  const { body } = await call('POST', '/timers', { execute_at: executeAt, callback, metadata: METADATA });
  return String(body.data?.['id']);
}

/** Polls as the first service's test script does, for the statuses that come before the last one. */
async function finished(id: string): Promise<Response> {
  for (;;) {
    const response = await call('GET', `/timers/${id}`);
    const status = response.body.data?.['status'];
    if (status !== 'pending' && status !== 'executing') return response;
  }
}

describe.each([
  ['http', HTTP],
  ['nats', NATS],
])('a client of the first service with a callback of type %s', (type, callback) => {
  const summary = {
    execute_at: expect.anything(),
    callback_type: type,
    status: 'pending',
    executed_at: null,
  };
  const whole = {
    ...summary,
    created_at: INSTANT,
    updated_at: INSTANT,
    callback,
    last_error: null,
    metadata: METADATA,
  };

  test('creates a timer and reads id, created_at, execute_at, callback_type, status and executed_at', async () => {
    expect(await call('POST', '/timers', { execute_at: LATER, callback, metadata: METADATA })).toMatchObject({
      status: 201,
      body: { code: 0, message: 'success', data: { id: ID, created_at: INSTANT, ...summary } },
    });
  });

  test('reads the callback in the field in which it was sent, beside callback_type', async () => {
    const id = await create(callback);
    expect(await call('GET', `/timers/${id}`)).toMatchObject({
      status: 200,
      body: { code: 0, message: 'success', data: { id, ...whole } },
    });
  });

  test('updates a timer, and the response is the whole timer', async () => {
    const id = await create({ type: 'http', url: 'http://127.0.0.1:18080/old' });
    const update = { execute_at: '2099-02-01T00:00:00Z', callback, metadata: { updated: true } };
    const { status, body } = await call('PUT', `/timers/${id}`, update);
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { code: 0, message: 'success', data: { ...whole, id, metadata: { updated: true } } },
    });
    expect(Date.parse(String(body.data?.['execute_at']))).toBe(Date.parse(update.execute_at));
    expect(body).toEqual((await call('GET', `/timers/${id}`)).body);
  });

  test('lists timers by type and reads the summary of each, total, limit and offset', async () => {
    const id = await create(callback);
    const path = `/timers?callback_type=${type}&status=pending&limit=5&offset=0&sort=created_at&order=desc`;
    const { status, body } = await call('GET', path);
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { code: 0, message: 'success', data: { limit: 5, offset: 0, total: expect.any(Number) } },
    });
    expect((body.data?.['timers'] as unknown[])[0]).toMatchObject({ id, created_at: INSTANT, ...summary });
  });

  test('cancels a timer and reads id and status', async () => {
    const id = await create(callback);
    expect(await call('DELETE', `/timers/${id}`)).toEqual({
      status: 200,
      body: { code: 0, message: 'success', data: { id, status: 'canceled' } },
    });
  });

  test('sees a delivered timer completed, with executed_at and without last_error', async () => {
    const soon = new Date(Date.now() + 500).toISOString();
    const id = await create({ ...callback, ...(type === 'http' && { url: receiver.url }) }, soon);
    expect(await finished(id)).toMatchObject({
      body: { data: { id, status: 'completed', executed_at: INSTANT, last_error: null } },
    });
  });
});

describe('the errors that a client of the first service tells apart', () => {
  test('an instant in the past, an invalid callback and a timer that cannot be changed any more have code 2', async () => {
    const past = { execute_at: '2020-01-01T00:00:00Z', callback: HTTP };
    const noUrl = { execute_at: LATER, callback: { ...HTTP, url: 'example.com' } };
    for (const request of [past, noUrl])
      expect(await call('POST', '/timers', request)).toMatchObject({
        status: 400,
        body: { code: 2, message: expect.any(String), data: null },
      });
    const id = await create(HTTP);
    await call('DELETE', `/timers/${id}`);
    expect(await call('PUT', `/timers/${id}`, { execute_at: LATER })).toMatchObject({
      status: 400,
      body: { code: 2, message: "cannot update timer with status 'canceled'", data: null },
    });
  });

  test('an unknown id has code 3, a wrong key code 4', async () => {
    const unknown = '/timers/00000000-0000-4000-8000-000000000000';
    expect(await call('GET', unknown)).toMatchObject({
      status: 404,
      body: { code: 3, message: 'timer not found', data: null },
    });
    const response = await fetch(`${service.url}/timers`, { headers: { 'X-API-Key': 'wrong' } });
    expect([response.status, await response.json()]).toMatchObject([401, { code: 4, data: null }]);
  });

  test('/health needs no key and reports status, database and timestamp', async () => {
    const response = await fetch(`${service.url}/health`);
    expect([response.status, await response.json()]).toEqual([
      200,
      {
        code: 0,
        message: 'success',
        data: { status: 'up', database: 'connected', timestamp: INSTANT },
      },
    ]);
  });
});
