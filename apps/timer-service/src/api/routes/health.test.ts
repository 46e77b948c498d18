import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { degradedResponseSchema, healthResponseSchema } from '@timer-platform/callback-types';
import { createTestDatabase, type TestDatabase } from '@timer-platform/test-support';
import { systemClock } from '../../clock.ts';
import { startTcpRelay, type TcpRelay } from '../testing/tcp-relay.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';

let database: TestDatabase;
let relay: TcpRelay;
let api: TestApi;
/** Moves the clock on, so that no answer is given again. */
let ahead = 0;

const timer = { execute_at: '2099-01-31T09:00:00Z', callback: { type: 'http', url: 'https://example.com/' } };

beforeAll(async () => {
  database = await createTestDatabase();
  const url = new URL(database.url);
  relay = await startTcpRelay({ host: url.hostname, port: Number(url.port) });
  url.hostname = '127.0.0.1';
  url.port = String(relay.port);
  api = await startTestApi({
    database,
    databaseUrl: url.href,
    env: { HEALTH_MAX_OVERDUE_MS: '60000' },
    clock: { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + ahead },
  });
});
afterAll(async () => {
  await relay.restore();
  await api.close();
  await relay.cut();
  await database.drop();
});
beforeEach(() => {
  ahead += 10_000;
});

async function expectUp(): Promise<void> {
  const { status, body } = await api.request('GET', '/healthz');
  expect({ status, body }).toMatchObject({ status: 200 });
  healthResponseSchema.parse(body);
}

async function expectDegraded(connected: 'connected' | 'disconnected', message: string): Promise<void> {
  const { status, body } = await api.request('GET', '/healthz');
  expect(status).toBe(500);
  expect(degradedResponseSchema.parse(body)).toMatchObject({
    code: 1,
    message: expect.stringContaining(message),
    data: { status: 'degraded', database: connected },
  });
}

describe('while the database is away', () => {
  test('health says so, requests answer 500 with code 1, and all is well when it is back', async () => {
    await expectUp();
    expect(await api.request('POST', '/timers', timer)).toMatchObject({ status: 201 });
    await relay.cut();
    ahead += 10_000;
    await expectDegraded('disconnected', 'cannot be reached');
    const requests = [
      ['POST', '/timers', timer],
      ['GET', '/timers', undefined],
      ['GET', '/timers/0198c0de-0000-7000-8000-000000000001', undefined],
      ['DELETE', '/timers/0198c0de-0000-7000-8000-000000000001', undefined],
    ] as const;
    for (const [method, path, body] of requests)
      expect(await api.request(method, path, body)).toMatchObject({
        status: 500,
        body: { code: 1, message: 'the database cannot be reached', data: null },
      });
    await relay.restore();
    ahead += 10_000;
    await expectUp();
    expect(await api.request('POST', '/timers', timer)).toMatchObject({ status: 201 });
  });

  test('a database that does not answer is told within a bounded time', async () => {
    await expectUp();
    relay.freeze();
    ahead += 10_000;
    await expectDegraded('disconnected', 'does not answer in time');
    await relay.restore();
    ahead += 10_000;
    await expectUp();
  });
});

test('a timer that is due for too long degrades health, also one that retries', async () => {
  await expectUp();
  const { status, body } = await api.request('POST', '/timers', timer);
  expect({ status, body }).toMatchObject({ status: 201 });
  const setDue = (ago: string) =>
    api.db.rows({
      name: `due ${ago}`,
      text: `UPDATE timers SET next_attempt_at = now() - interval '${ago}'`,
    });
  await setDue('30 seconds');
  ahead += 10_000;
  await expectUp();
  await setDue('90 seconds');
  ahead += 10_000;
  await expectDegraded('connected', 'the oldest due timer waits for 9');
  await api.db.rows({ name: 'complete', text: "UPDATE timers SET status = 'completed'" });
  ahead += 10_000;
  await expectUp();
});

test('a flood of questions is one question to the database', async () => {
  const count = async (): Promise<number> => {
    const [row] = await api.db.rows<{ calls: number }>({
      name: 'calls',
      text: `SELECT sum(xact_commit)::integer AS calls FROM pg_stat_database WHERE datname = current_database()`,
    });
    return row?.calls ?? 0;
  };
  const before = await count();
  const answers = await Promise.all(Array.from({ length: 500 }, () => api.request('GET', '/healthz')));
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  expect((await count()) - before).toBeLessThan(100);
});

test('requests under way are answered before the server has closed', async () => {
  const other = await startTestApi({ database });
  const url = await other.app.listen({ port: 0, host: '127.0.0.1' });
  const answer = fetch(`${url}/timers`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': 'wrong' },
    body: '{}',
  });
  // The answer to a wrong key waits a moment: long enough to close meanwhile.
  await once(other.app.server, 'request');
  await other.close();
  expect((await answer).status).toBe(401);
});
