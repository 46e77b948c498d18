import { Writable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { connect, type Database } from '@timer-platform/database';
import { migrateToLatest } from '@timer-platform/migrations';
import {
  createTestDatabase,
  type NatsServer,
  type Receiver,
  startNatsServer,
  startReceiver,
  type TestDatabase,
} from '@timer-platform/test-support';
import { connect as connectNats, type NatsConnection } from 'nats';
import { pino } from 'pino';
import { startTcpRelay, type TcpRelay } from './api/testing/tcp-relay.ts';
import { systemClock } from './clock.ts';
import { readConfig } from './config.ts';
import { type Service, startService } from './service.ts';

const API_KEY = 'test-api-key-that-must-not-show-up-anywhere';
const DATABASE_PASSWORD_IN_LOGS = /postgres(ql)?:\/\/[^*\s"]*:[^*\s"@]+@/;

let testDatabase: TestDatabase;
let relay: TcpRelay;
let nats: NatsServer;
let receiver: Receiver;
let service: Service | undefined;
let logged = '';

beforeAll(async () => {
  [testDatabase, nats, receiver] = await Promise.all([
    createTestDatabase(),
    startNatsServer(),
    startReceiver(),
  ]);
  const { hostname, port } = new URL(testDatabase.url);
  relay = await startTcpRelay({ host: hostname, port: Number(port) });
});

beforeEach(() => {
  logged = '';
});

afterEach(async () => {
  await service?.stop();
  service = undefined;
  expect(logged).not.toContain(API_KEY);
  expect(logged).not.toMatch(DATABASE_PASSWORD_IN_LOGS);
});

afterAll(async () => {
  await Promise.all([receiver.stop(), nats.stop()]);
  await relay.cut();
  await testDatabase.drop();
});

async function start(
  env: Readonly<Record<string, string>> = {},
  random: () => number = Math.random,
): Promise<Service> {
  const url = new URL(testDatabase.url);
  url.host = `127.0.0.1:${relay.port}`;
  const config = readConfig({
    DATABASE_URL: url.href,
    API_KEY,
    HOST: '127.0.0.1',
    PORT: '0',
    ALLOWED_DESTINATIONS: '127.0.0.1',
    NATS_URL: nats.url,
    ...env,
  });
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      logged += chunk.toString();
      done();
    },
  });
  service = await startService({
    config,
    databaseUrl: url.href,
    log: pino({ level: 'trace' }, stream),
    clock: systemClock,
    random,
  });
  return service;
}

interface Answer {
  readonly status: number;
  readonly body: { readonly code: number; readonly data: Readonly<Record<string, unknown>> };
}

async function call({ url }: Service, method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { 'x-api-key': API_KEY, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

async function store(running: Service, body: unknown): Promise<string> {
  const { status, body: answer } = await call(running, 'POST', '/timers', body);
  expect([status, answer]).toMatchObject([201, { code: 0 }]);
  return String(answer.data['id']);
}

/** On the database itself, past the service and the relay. */
async function withDatabase<Result>(use: (db: Database) => Promise<Result>): Promise<Result> {
  const options = { applicationName: 'test', poolSize: 1, onIdleError: () => undefined };
  const db = connect({ url: testDatabase.url, ...options });
  try {
    return await use(db);
  } finally {
    await db.close();
  }
}

const PATIENCE_MS = 30_000;

/** Asks the API until it is so. */
async function eventually(
  running: Service,
  path: string,
  isSo: (answer: Answer) => boolean,
): Promise<Answer> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const answer = await call(running, 'GET', path);
    if (isSo(answer)) return answer;
    if (performance.now() > deadline)
      throw new Error(`still ${JSON.stringify(answer)} after ${PATIENCE_MS} ms`);
  }
}

const hasStatus = (status: string) => (answer: Answer) => answer.body.data['status'] === status;

describe('from the request to the receiver', () => {
  test('by HTTP: the body and the ids arrive, at the instant and not before', async () => {
    const running = await start();
    const payload = { order: 42, name: 'Zoë ✓' };
    const headers = { authorization: 'Bearer secret-of-the-receiver' };
    const callback = { type: 'http', url: `${receiver.url}/hook?a=b`, headers, payload };
    const id = await store(running, { delay: '300ms', callback });
    const [request] = await receiver.waitFor((requests) =>
      requests.some(({ headers }) => headers['webhook-id'] === id),
    );
    expect(request).toMatchObject({ method: 'POST', path: '/hook?a=b' });
    expect(request?.headers).toMatchObject({
      ...headers,
      'content-type': 'application/json',
      'webhook-id': id,
    });
    expect(JSON.parse(request?.body.toString() ?? '')).toEqual(payload);
    const { body } = await eventually(running, `/timers/${id}`, hasStatus('completed'));
    expect(request?.receivedAt).toBeGreaterThanOrEqual(Date.parse(String(body.data['execute_at'])));
    expect(body.data).toMatchObject({ attempts: 1, last_error: null });
    expect(logged).not.toContain('secret-of-the-receiver');
  });

  test('by NATS: subject, headers, payload and message id arrive', async () => {
    const running = await start();
    const subscriber: NatsConnection = await connectNats({ servers: nats.url });
    const messages = subscriber.subscribe('orders.due.*', { max: 1 });
    await subscriber.flush();
    const callback = {
      type: 'nats',
      topic: 'orders.due',
      key: '42',
      headers: { 'x-a': 'b' },
      payload: [1, null],
    };
    const id = await store(running, { delay: '50ms', callback });
    for await (const message of messages) {
      expect(message.subject).toBe('orders.due.42');
      expect(message.json()).toEqual([1, null]);
      expect(message.headers?.get('Nats-Msg-Id')).toBe(id);
      expect(message.headers?.get('x-a')).toBe('b');
    }
    await eventually(running, `/timers/${id}`, hasStatus('completed'));
    await subscriber.close();
  });

  test('a canceled timer does not arrive, a changed one arrives as it was changed', async () => {
    const running = await start();
    const callback = (path: string) => ({ type: 'http', url: `${receiver.url}${path}` });
    const canceled = await store(running, { delay: '1s', callback: callback('/canceled') });
    const changed = await store(running, { delay: '1h', callback: callback('/before') });
    expect((await call(running, 'DELETE', `/timers/${canceled}`)).status).toBe(200);
    expect(
      (await call(running, 'PUT', `/timers/${changed}`, { delay: '1s', callback: callback('/after') }))
        .status,
    ).toBe(200);
    await receiver.waitFor((requests) => requests.some(({ path }) => path === '/after'));
    await eventually(running, `/timers/${changed}`, hasStatus('completed'));
    expect(receiver.requests.filter(({ path }) => path === '/canceled' || path === '/before')).toEqual([]);
  });

  test('a private destination is refused when the timer is stored, with the setting that opens it', async () => {
    const running = await start({ ALLOWED_DESTINATIONS: '' });
    const callback = { type: 'http', url: receiver.url };
    const { status, body } = await call(running, 'POST', '/timers', { delay: '1s', callback });
    expect([status, body.code]).toEqual([400, 2]);
    expect(JSON.stringify(body)).toContain('ALLOWED_DESTINATIONS');
  });

  test('NATS timers are refused where NATS is not configured', async () => {
    const running = await start({ NATS_URL: '' });
    const { status, body } = await call(running, 'POST', '/timers', {
      delay: '1s',
      callback: { type: 'nats', topic: 'a' },
    });
    expect([status, body.code]).toEqual([400, 2]);
    expect(JSON.stringify(body)).toContain('NATS_URL');
  });
});

describe('callback headers in the row', () => {
  const KEY = (id: string, byte: number) => `${id}:${Buffer.alloc(32, byte).toString('base64')}`;
  const SECRET = 'Bearer secret-that-only-the-receiver-gets';
  const headers = { authorization: SECRET };
  const callback = (path: string) => ({ type: 'http', url: `${receiver.url}${path}`, headers });

  async function rowOf(id: string): Promise<string> {
    const row = { name: 'row', text: 'SELECT timers::text AS row FROM timers WHERE id = $1' };
    const [found] = await withDatabase((db) => db.rows<{ row: string }>(row, [id]));
    return found?.row ?? '';
  }

  const authorizationAt = (path: string) =>
    receiver.requests
      .filter((request) => request.path === path)
      .map((request) => request.headers.authorization);

  test('with a key they are encrypted, and the receiver gets them', async () => {
    const running = await start({ HEADER_ENCRYPTION_KEYS: KEY('a', 1) });
    const id = await store(running, { delay: '300ms', callback: callback('/encrypted') });
    expect(await rowOf(id)).toContain('$encrypted');
    expect(await rowOf(id)).not.toContain('secret');
    await eventually(running, `/timers/${id}`, hasStatus('completed'));
    expect(authorizationAt('/encrypted')).toEqual([SECRET]);
    expect(logged).not.toContain('secret-that-only');
  });

  test('without one they are not (control)', async () => {
    const running = await start();
    const id = await store(running, { delay: '50ms', callback: callback('/plain') });
    expect(await rowOf(id)).toContain(SECRET);
    await eventually(running, `/timers/${id}`, hasStatus('completed'));
    expect(authorizationAt('/plain')).toEqual([SECRET]);
  });

  test('after a rotation those under the older key still arrive', async () => {
    const before = await start({ HEADER_ENCRYPTION_KEYS: KEY('a', 1), DISPATCHER: 'false' });
    const id = await store(before, { delay: '50ms', callback: callback('/rotated') });
    await before.stop();
    const running = await start({ HEADER_ENCRYPTION_KEYS: `${KEY('b', 2)},${KEY('a', 1)}` });
    await eventually(running, `/timers/${id}`, hasStatus('completed'));
    expect(authorizationAt('/rotated')).toEqual([SECRET]);
  });

  test('under a key that is not there the timer fails at once, says so, and can be retried when it is', async () => {
    const before = await start({ HEADER_ENCRYPTION_KEYS: KEY('a', 1), DISPATCHER: 'false' });
    const id = await store(before, { delay: '50ms', callback: callback('/unknown') });
    await before.stop();
    const without = await start();
    const { body } = await eventually(without, `/timers/${id}`, hasStatus('failed'));
    expect(body.data).toMatchObject({
      attempts: 0,
      last_error: 'the headers are encrypted under the key "a", which HEADER_ENCRYPTION_KEYS does not hold',
    });
    await without.stop();
    expect(authorizationAt('/unknown')).toEqual([]);
    const running = await start({ HEADER_ENCRYPTION_KEYS: KEY('a', 1) });
    expect((await call(running, 'POST', `/timers/${id}/retry`)).status).toBe(200);
    await eventually(running, `/timers/${id}`, hasStatus('completed'));
    expect(authorizationAt('/unknown')).toEqual([SECRET]);
  });
});

test('no secret shows up in a log line, an error, a metric or the answer to a key that may not see it', async () => {
  const reader = 'reader-key-that-must-not-show-up-anywhere';
  const secrets = {
    apiKey: API_KEY,
    reader,
    signing: 'whsec_c2lnbmluZy1zZWNyZXQtdGhhdC1tdXN0LW5vdC1zaG93',
    header: 'bearer-of-the-receiver-must-not-show-up',
    encryption: Buffer.alloc(32, 'k').toString('base64'),
    database: new URL(testDatabase.url).password,
  };
  const running = await start({
    API_KEYS: JSON.stringify([{ name: 'reader', role: 'read', key: reader }]),
    SIGNING_SECRETS: secrets.signing,
    HEADER_ENCRYPTION_KEYS: `one:${secrets.encryption}`,
  });
  const headers = { authorization: `Bearer ${secrets.header}` };
  const failing = { type: 'http', url: 'http://127.0.0.1:65001/', headers };
  const id = await store(running, { delay: '50ms', callback: failing, retry: { max_attempts: 1 } });
  await eventually(running, `/timers/${id}`, hasStatus('failed'));
  await relay.cut();
  await call(running, 'GET', `/timers/${id}`);
  await relay.restore();
  await eventually(running, '/healthz', ({ status }) => status === 200);

  const seen = [logged];
  const ask = async (method: string, path: string, key: string, body?: string) => {
    const request = { method, headers: { 'x-api-key': key, 'content-type': 'application/json' } };
    const response = await fetch(
      `${running.url}${path}`,
      body === undefined ? request : { ...request, body },
    );
    seen.push(JSON.stringify([...response.headers]), await response.text());
  };
  await ask('GET', `/timers/${id}`, reader);
  await ask('GET', `/timers/${id}/attempts`, reader);
  await ask('GET', '/timers', reader);
  await ask('GET', '/metrics', reader);
  await ask('GET', '/openapi.json', reader);
  await ask('GET', '/timers', `${API_KEY}-wrong`);
  await ask('POST', '/timers', reader, JSON.stringify({ delay: '1s', callback: failing }));
  await ask(
    'POST',
    '/timers',
    API_KEY,
    JSON.stringify({ delay: 'soon', callback: { ...failing, headers: { a: [headers] } } }),
  );
  await ask('POST', '/timers', API_KEY, `{"delay": "1s", "callback": {"headers": "${secrets.header}"`);
  seen.push(logged);
  for (const [name, secret] of Object.entries(secrets))
    expect([name, seen.join('\n').includes(secret)]).toEqual([name, false]);
  // The control: the one that may see it does.
  const { body } = await call(running, 'GET', `/timers/${id}`);
  expect(JSON.stringify(body)).toContain(secrets.header);
});

describe('timers that were finished long ago', () => {
  /** Two that were completed, days ago and today; answers their ids. */
  async function storeCompleted(): Promise<readonly [old: string, recent: string]> {
    const completed = {
      name: 'completed',
      text: `INSERT INTO timers (status, created_at, updated_at, execute_at, callback_config)
             SELECT 'completed', now() - age, now() - age, now(), '{"type":"http","url":"http://receiver.test/"}'
             FROM unnest(ARRAY[interval '3 days', interval '1 hour']) AS age
             RETURNING id`,
    };
    const [old, recent] = await withDatabase((db) => db.rows<{ id: string }>(completed));
    return [old?.id ?? '', recent?.id ?? ''];
  }

  /** The first run of each of the two pruners begins at once, others much later. */
  function soonOnce(): () => number {
    let calls = 0;
    return () => {
      calls += 1;
      return calls <= 2 ? 0 : 0.5;
    };
  }

  test('are deleted where RETENTION_DAYS says so', async () => {
    const [old, recent] = await storeCompleted();
    const running = await start({ RETENTION_DAYS: '2' }, soonOnce());
    await eventually(running, `/timers/${old}`, ({ status }) => status === 404);
    expect((await call(running, 'GET', `/timers/${recent}`)).status).toBe(200);
  });

  test('are kept by a process that does not dispatch, and by default', async () => {
    const [old] = await storeCompleted();
    for (const env of [{ RETENTION_DAYS: '2', DISPATCHER: 'false' }, {}]) {
      let pruners = 0;
      const running = await start(env, () => {
        pruners += 1;
        return 0.5;
      });
      expect((await call(running, 'GET', `/timers/${old}`)).status).toBe(200);
      await running.stop();
      // The pruner of idempotency keys alone waits for its first run.
      expect(pruners).toBe(1);
    }
  });
});

describe('when something is away', () => {
  test('NATS: the service starts and runs, and delivers when it is back', async () => {
    await nats.kill();
    const running = await start();
    const retry = { delays: ['200ms'], max_attempts: 100 };
    const id = await store(running, { delay: '50ms', callback: { type: 'nats', topic: 'late' }, retry });
    const { body } = await eventually(
      running,
      `/timers/${id}`,
      ({ body: { data } }) => data['status'] !== 'completed' && Number(data['attempts']) > 0,
    );
    expect(String(body.data['last_error'])).not.toBe('');
    await nats.restart();
    await eventually(running, `/timers/${id}`, hasStatus('completed'));
  });

  test('the database: health and requests say so, the process lives, and timers are delivered when it is back', async () => {
    const running = await start();
    await running.dispatching;
    const id = await store(running, { delay: '1s', callback: { type: 'http', url: `${receiver.url}/back` } });
    await relay.cut();
    const health = await eventually(running, '/healthz', ({ status }) => status !== 200);
    expect(health).toMatchObject({
      status: 500,
      body: { code: 1, data: { status: 'degraded', database: 'disconnected' } },
    });
    expect(await call(running, 'GET', `/timers/${id}`)).toMatchObject({ status: 500, body: { code: 1 } });
    await relay.restore();
    await eventually(running, '/healthz', ({ status }) => status === 200);
    await eventually(running, `/timers/${id}`, hasStatus('completed'));
    expect(receiver.requests.filter(({ path }) => path === '/back')).toHaveLength(1);
  });

  test('the database at the start: the API answers, and dispatching begins when it is there', async () => {
    await relay.cut();
    const running = await start();
    expect((await call(running, 'GET', '/healthz')).status).toBe(500);
    await relay.restore();
    await running.dispatching;
    const id = await store(running, { delay: '50ms', callback: { type: 'http', url: receiver.url } });
    await eventually(running, `/timers/${id}`, hasStatus('completed'));
  });

  test('a database that is not migrated: the start fails and names the way out', async () => {
    const old = await createTestDatabase({ empty: true });
    await migrateToLatest({ databaseUrl: old.url, to: 2n });
    try {
      const { pathname } = new URL(old.url);
      const url = new URL(testDatabase.url);
      url.pathname = pathname;
      const config = readConfig({ DATABASE_URL: url.href, API_KEY, PORT: '0', HOST: '127.0.0.1' });
      const options = { config, databaseUrl: url.href, clock: systemClock, random: Math.random };
      await expect(startService({ ...options, log: pino({ level: 'silent' }) })).rejects.toThrow(
        /migrator:migrate/,
      );
    } finally {
      await old.drop();
    }
  });
});
