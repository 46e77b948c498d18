import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { degradedResponseSchema, healthResponseSchema } from '@timer-platform/callback-types';
import { createTestDatabase, type TestDatabase } from '@timer-platform/test-support';
import { systemClock } from '../../clock.ts';
import { startTcpRelay, type TcpRelay } from '../testing/tcp-relay.ts';
import { API_KEY, startTestApi, type TestApi } from '../testing/test-api.ts';

let database: TestDatabase;
let relay: TcpRelay;
let api: TestApi;
/** Added to the clock, so that no cached result is returned. */
let offsetMs = 0;
let dispatchProblem: string | undefined;

const timer = { execute_at: '2099-01-31T09:00:00Z', callback: { type: 'http', url: 'https://example.com/' } };

beforeAll(async () => {
  database = await createTestDatabase();
  relay = await startTcpRelay(database.url);
  api = await startTestApi({
    database,
    databaseUrl: relay.url,
    env: { HEALTH_MAX_OVERDUE_MS: '60000' },
    dispatchProblem: () => dispatchProblem,
    clock: { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + offsetMs },
  });
});
afterAll(async () => {
  await relay.restore();
  await api.close();
  await relay.cut();
  await database.drop();
});
beforeEach(() => {
  offsetMs += 10_000;
});

async function expectUp(): Promise<void> {
  const { status, body } = await api.request('GET', '/healthz');
  expect({ status, body }).toMatchObject({ status: 200 });
  healthResponseSchema.parse(body);
}

async function expectDegraded(database: 'connected' | 'disconnected', message: string): Promise<void> {
  const { status, body } = await api.request('GET', '/healthz');
  expect(status).toBe(500);
  expect(degradedResponseSchema.parse(body)).toMatchObject({
    code: 1,
    message: expect.stringContaining(message),
    data: { status: 'degraded', database },
  });
}

describe('while the database is unreachable', () => {
  test('health is degraded and requests return 500 with code 1, until the database is back', async () => {
    await expectUp();
    expect(await api.request('POST', '/timers', timer)).toMatchObject({ status: 201 });
    await relay.cut();
    offsetMs += 10_000;
    await expectDegraded('disconnected', 'the database is unreachable');
    const requests = [
      ['POST', '/timers', timer],
      ['GET', '/timers', undefined],
      ['GET', '/timers/0198c0de-0000-7000-8000-000000000001', undefined],
      ['DELETE', '/timers/0198c0de-0000-7000-8000-000000000001', undefined],
    ] as const;
    for (const [method, path, body] of requests)
      expect(await api.request(method, path, body)).toMatchObject({
        status: 500,
        body: { code: 1, message: 'the database is unreachable; retry later', data: null },
      });
    await relay.restore();
    offsetMs += 10_000;
    await expectUp();
    expect(await api.request('POST', '/timers', timer)).toMatchObject({ status: 201 });
  });

  test('health is degraded after 2 seconds if the database does not respond', async () => {
    await expectUp();
    relay.freeze();
    offsetMs += 10_000;
    await expectDegraded('disconnected', 'the database did not respond within 2 s');
    await relay.restore();
    offsetMs += 10_000;
    await expectUp();
  });
});

test('health is degraded while a timer is overdue for too long, including a timer between attempts', async () => {
  await expectUp();
  const { status, body } = await api.request('POST', '/timers', timer);
  expect({ status, body }).toMatchObject({ status: 201 });
  const setDue = (ago: string) =>
    api.db.rows({
      name: `due ${ago}`,
      text: `UPDATE timers SET next_attempt_at = now() - interval '${ago}'`,
    });
  await setDue('30 seconds');
  offsetMs += 10_000;
  await expectUp();
  await setDue('90 seconds');
  offsetMs += 10_000;
  await expectDegraded('connected', 'the oldest due timer has waited for 9');
  await api.db.rows({ name: 'complete', text: "UPDATE timers SET status = 'completed'" });
  offsetMs += 10_000;
  await expectUp();
});

describe('while the database responds', () => {
  const run = (text: string): Promise<unknown> => api.db.rows({ name: text.slice(0, 60), text });

  test('health is degraded with the reason why timers are not delivered', async () => {
    await expectUp();
    dispatchProblem = 'no lease is held';
    offsetMs += 10_000;
    await expectDegraded('connected', 'no lease is held');
    dispatchProblem = undefined;
    offsetMs += 10_000;
    await expectUp();
  });

  test('health is degraded while it is read-only, and creating a timer fails', async () => {
    await run(`ALTER DATABASE ${database.name} SET default_transaction_read_only = on`);
    // New sessions only: those of this API end as after a failover.
    const other = await startTestApi({ database });
    expect(await other.request('GET', '/healthz')).toMatchObject({
      status: 500,
      body: { message: 'the database is read-only', data: { database: 'connected' } },
    });
    expect(await other.request('POST', '/timers', timer)).toMatchObject({
      status: 500,
      body: { message: 'the database is read-only; retry later' },
    });
    await other.close();
    await run(`ALTER DATABASE ${database.name} RESET default_transaction_read_only`);
  });

  test('health is degraded while the role lacks privileges, and names the GRANT', async () => {
    const role = `limited_${database.name}`;
    await run(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'`);
    const url = new URL(database.url);
    url.username = role;
    url.password = 'secret';
    const other = await startTestApi({ database, databaseUrl: url.href });
    expect(await other.request('GET', '/healthz')).toMatchObject({
      status: 500,
      body: {
        message: expect.stringContaining(`GRANT SELECT, INSERT, UPDATE ON TABLE timers TO ${role}`),
        data: { database: 'connected' },
      },
    });
    expect(await other.request('POST', '/timers', timer)).toMatchObject({
      status: 500,
      body: { message: 'the database role lacks a privilege; /healthz has the reason' },
    });
    await other.close();
    await run(`DROP ROLE ${role}`);
  });
});

test('500 concurrent health requests cause fewer than 100 database queries', async () => {
  const count = async (): Promise<number> => {
    const [row] = await api.db.rows<{ calls: number }>({
      name: 'calls',
      text: `SELECT sum(xact_commit)::integer AS calls FROM pg_stat_database WHERE datname = current_database()`,
    });
    return row?.calls ?? 0;
  };
  const before = await count();
  const responses = await Promise.all(Array.from({ length: 500 }, () => api.request('GET', '/healthz')));
  expect(responses.every(({ status }) => status === 200)).toBe(true);
  expect((await count()) - before).toBeLessThan(100);
});

test('the server finishes requests in progress before it closes', async () => {
  const other = await startTestApi({ database });
  const url = await other.app.listen({ port: 0, host: '127.0.0.1' });
  const response = fetch(`${url}/timers`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': 'wrong' },
    body: '{}',
  });
  // The response to a wrong key is delayed long enough to close the server meanwhile.
  await once(other.app.server, 'request');
  await other.close();
  expect((await response).status).toBe(401);
});

test('the server closes within its grace while the database is silent', async () => {
  const other = await startTestApi({ database, databaseUrl: relay.url, closeGraceMs: 1 });
  const url = await other.app.listen({ port: 0, host: '127.0.0.1' });
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  relay.freeze();
  const response = fetch(`${url}/timers`, { headers: { 'x-api-key': API_KEY } });
  response.catch(() => undefined);
  await once(other.app.server, 'request');
  await other.app.close();
  await expect(response).rejects.toThrow('fetch failed');
  await other.db.close(1);
  await relay.restore();
});
