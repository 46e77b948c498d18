import { Writable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { connect, type Database, DueListener, type DueRange } from '@timer-platform/database';
import { migrateToLatest } from '@timer-platform/migrations';
import {
  createTestDatabase,
  type NatsServer,
  type Receiver,
  startNatsServer,
  startReceiver,
  type TestDatabase,
  timerFactory,
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
  relay = await startTcpRelay(testDatabase.url);
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
  const config = readConfig({
    DATABASE_URL: relay.url,
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
    databaseUrl: relay.url,
    log: pino({ level: 'trace' }, stream),
    clock: systemClock,
    random,
  });
  return service;
}

interface ApiResponse {
  readonly status: number;
  readonly body: { readonly code: number; readonly data: Readonly<Record<string, unknown>> };
}

async function call({ url }: Service, method: string, path: string, body?: unknown): Promise<ApiResponse> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { 'x-api-key': API_KEY, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as ApiResponse['body'] };
}

async function store(running: Service, body: unknown): Promise<string> {
  const response = await call(running, 'POST', '/timers', body);
  expect(response).toMatchObject({ status: 201, body: { code: 0 } });
  return String(response.body.data['id']);
}

/** Connects to the database directly, not through the relay. */
async function withDatabase<Result>(use: (db: Database) => Promise<Result>): Promise<Result> {
  const options = { applicationName: 'test', poolSize: 1, onIdleError: () => undefined };
  const db = connect({ url: testDatabase.url, ...options });
  try {
    return await use(db);
  } finally {
    await db.close();
  }
}

const TIMEOUT_MS = 30_000;

/** Repeats a GET request until the condition holds. */
async function eventually(
  running: Service,
  path: string,
  condition: (response: ApiResponse) => boolean,
): Promise<ApiResponse> {
  const deadline = performance.now() + TIMEOUT_MS;
  for (;;) {
    const response = await call(running, 'GET', path);
    if (condition(response)) return response;
    if (performance.now() > deadline)
      throw new Error(`still ${JSON.stringify(response)} after ${TIMEOUT_MS} ms`);
  }
}

const hasStatus = (status: string) => (response: ApiResponse) => response.body.data['status'] === status;

describe('delivery', () => {
  test('sends an HTTP callback with its headers, payload and ids, and never before it is due', async () => {
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

  test('numbers the attempts in a header as in the list of attempts, also after a retry by a client', async () => {
    const running = await start({}, () => 0);
    const url = `${receiver.url}/numbered`;
    receiver.respondWith(() => (numbers().length < 3 ? 503 : 200));
    const numbers = () =>
      receiver.requests
        .filter(({ path }) => path === '/numbered')
        .map(({ headers }) => headers['webhook-attempt']);
    const retry = { max_attempts: 2, delays: ['10ms'] };
    const id = await store(running, { delay: '0s', retry, callback: { type: 'http', url } });
    await eventually(running, `/timers/${id}`, hasStatus('failed'));
    expect(numbers()).toEqual(['1', '2']);
    await call(running, 'POST', `/timers/${id}/retry`);
    const { body } = await eventually(running, `/timers/${id}`, hasStatus('completed'));
    expect(body.data['attempts']).toBe(3);
    expect(numbers()).toEqual(['1', '2', '3']);
    const { body: list } = await call(running, 'GET', `/timers/${id}/attempts`);
    expect(list.data['attempts']).toMatchObject([{ number: 1 }, { number: 2 }, { number: 3 }]);
  });

  test('publishes a NATS callback with its subject, headers, payload and message id', async () => {
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
      expect(message.headers?.get('Timer-Attempt')).toBe('1');
      expect(message.headers?.get('x-a')).toBe('b');
    }
    await eventually(running, `/timers/${id}`, hasStatus('completed'));
    await subscriber.close();
  });

  test('does not send a canceled timer, and sends an updated timer with its new values', async () => {
    const running = await start();
    const callback = (path: string) => ({ type: 'http', url: `${receiver.url}${path}` });
    const canceled = await store(running, { delay: '1s', callback: callback('/canceled') });
    const updated = await store(running, { delay: '1h', callback: callback('/before') });
    expect((await call(running, 'DELETE', `/timers/${canceled}`)).status).toBe(200);
    expect(
      (await call(running, 'PUT', `/timers/${updated}`, { delay: '1s', callback: callback('/after') }))
        .status,
    ).toBe(200);
    await receiver.waitFor((requests) => requests.some(({ path }) => path === '/after'));
    await eventually(running, `/timers/${updated}`, hasStatus('completed'));
    expect(receiver.requests.filter(({ path }) => path === '/canceled' || path === '/before')).toEqual([]);
  });

  test('rejects a private destination on creation and names the setting that allows it', async () => {
    const running = await start({ ALLOWED_DESTINATIONS: '' });
    const callback = { type: 'http', url: receiver.url };
    const { status, body } = await call(running, 'POST', '/timers', { delay: '1s', callback });
    expect([status, body.code]).toEqual([400, 2]);
    expect(JSON.stringify(body)).toContain('ALLOWED_DESTINATIONS');
  });

  test('rejects NATS timers if NATS is not configured', async () => {
    const running = await start({ NATS_URL: '' });
    const { status, body } = await call(running, 'POST', '/timers', {
      delay: '1s',
      callback: { type: 'nats', topic: 'a' },
    });
    expect([status, body.code]).toEqual([400, 2]);
    expect(JSON.stringify(body)).toContain('NATS_URL');
  });
});

describe('stored callback headers', () => {
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

  test('are encrypted with a key, and the receiver gets them', async () => {
    const running = await start({ HEADER_ENCRYPTION_KEYS: KEY('a', 1) });
    const id = await store(running, { delay: '300ms', callback: callback('/encrypted') });
    expect(await rowOf(id)).toContain('$encrypted');
    expect(await rowOf(id)).not.toContain('secret');
    await eventually(running, `/timers/${id}`, hasStatus('completed'));
    expect(authorizationAt('/encrypted')).toEqual([SECRET]);
    expect(logged).not.toContain('secret-that-only');
  });

  test('are not encrypted without a key (control)', async () => {
    const running = await start();
    const id = await store(running, { delay: '50ms', callback: callback('/plain') });
    expect(await rowOf(id)).toContain(SECRET);
    await eventually(running, `/timers/${id}`, hasStatus('completed'));
    expect(authorizationAt('/plain')).toEqual([SECRET]);
  });

  test('are still decrypted with the older key after a rotation', async () => {
    const before = await start({ HEADER_ENCRYPTION_KEYS: KEY('a', 1), DISPATCHER: 'false' });
    const id = await store(before, { delay: '50ms', callback: callback('/rotated') });
    await before.stop();
    const running = await start({ HEADER_ENCRYPTION_KEYS: `${KEY('b', 2)},${KEY('a', 1)}` });
    await eventually(running, `/timers/${id}`, hasStatus('completed'));
    expect(authorizationAt('/rotated')).toEqual([SECRET]);
  });

  test('fail the timer at once if their key is missing; it can be retried once the key is configured', async () => {
    const before = await start({ HEADER_ENCRYPTION_KEYS: KEY('a', 1), DISPATCHER: 'false' });
    const id = await store(before, { delay: '50ms', callback: callback('/unknown') });
    await before.stop();
    const withoutKey = await start();
    const { body } = await eventually(withoutKey, `/timers/${id}`, hasStatus('failed'));
    expect(body.data).toMatchObject({
      attempts: 0,
      last_error: 'the headers are encrypted with the key "a", which is not in HEADER_ENCRYPTION_KEYS',
    });
    await withoutKey.stop();
    expect(authorizationAt('/unknown')).toEqual([]);
    const running = await start({ HEADER_ENCRYPTION_KEYS: KEY('a', 1) });
    expect((await call(running, 'POST', `/timers/${id}/retry`)).status).toBe(200);
    await eventually(running, `/timers/${id}`, hasStatus('completed'));
    expect(authorizationAt('/unknown')).toEqual([SECRET]);
  });
});

test('no secret appears in a log line, an error, a metric or a response to a key of the role read', async () => {
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

  const outputs = [logged];
  const request = async (method: string, path: string, key: string, body?: string) => {
    const init = { method, headers: { 'x-api-key': key, 'content-type': 'application/json' } };
    const response = await fetch(`${running.url}${path}`, body === undefined ? init : { ...init, body });
    outputs.push(JSON.stringify([...response.headers]), await response.text());
  };
  await request('GET', `/timers/${id}`, reader);
  await request('GET', `/timers/${id}/attempts`, reader);
  await request('GET', '/timers', reader);
  await request('GET', '/metrics', reader);
  await request('GET', '/openapi.json', reader);
  await request('GET', '/timers', `${API_KEY}-wrong`);
  await request('POST', '/timers', reader, JSON.stringify({ delay: '1s', callback: failing }));
  await request(
    'POST',
    '/timers',
    API_KEY,
    JSON.stringify({ delay: 'soon', callback: { ...failing, headers: { a: [headers] } } }),
  );
  await request('POST', '/timers', API_KEY, `{"delay": "1s", "callback": {"headers": "${secrets.header}"`);
  outputs.push(logged);
  for (const [name, secret] of Object.entries(secrets))
    expect([name, outputs.join('\n').includes(secret)]).toEqual([name, false]);
  // Control: a key of the role admin sees the header.
  const { body } = await call(running, 'GET', `/timers/${id}`);
  expect(JSON.stringify(body)).toContain(secrets.header);
});

describe('old finished timers', () => {
  /** Stores two completed timers, three days and one hour old. Returns their ids. */
  async function storeCompleted(): Promise<readonly [old: string, recent: string]> {
    const timers = timerFactory((text, values) => withDatabase((db) => db.rows({ name: '', text }, values)));
    const store = (hoursAgo: number): Promise<string> => {
      const instant = new Date(Date.now() - hoursAgo * 3_600_000);
      return timers.create({ status: 'completed', created_at: instant, updated_at: instant });
    };
    return [await store(72), await store(1)];
  }

  test('are pruned after RETENTION_DAYS', async () => {
    const [old, recent] = await storeCompleted();
    // Always 0: a pruner runs at once and again after each run.
    const running = await start({ RETENTION_DAYS: '2' }, () => 0);
    await eventually(running, `/timers/${old}`, ({ status }) => status === 404);
    expect((await call(running, 'GET', `/timers/${recent}`)).status).toBe(200);
  });

  test('are not pruned by a process that does not dispatch', async () => {
    const [old] = await storeCompleted();
    // Without a dispatcher nobody but the pruners asks for a random number: those of keys, sessions and actions.
    let pruners = 0;
    const running = await start({ RETENTION_DAYS: '2', DISPATCHER: 'false' }, () => {
      pruners += 1;
      return 0.5;
    });
    expect((await call(running, 'GET', `/timers/${old}`)).status).toBe(200);
    await running.stop();
    expect(pruners).toBe(3);
  });
});

describe('a process without a dispatcher', () => {
  /** Starts a service and returns the notifications that it sends. */
  async function listenTo(env: Readonly<Record<string, string>>) {
    const received: DueRange[] = [];
    const listener = new DueListener({
      url: testDatabase.url,
      applicationName: 'test listener',
      onDue: (range) => received.push(range),
      onError: () => undefined,
    });
    listener.start();
    const running = await start(env);
    const isListening = `SELECT FROM pg_stat_activity WHERE datname = current_database()
      AND application_name = 'test listener' AND query LIKE 'LISTEN%'`;
    await withDatabase(async (db) => {
      while ((await db.rows({ name: '', text: isListening })).length === 0);
    });
    return { running, received, listener };
  }

  test('notifies the dispatchers of others of timers that are due soon', async () => {
    const { running, received, listener } = await listenTo({ DISPATCHER: 'false' });
    await store(running, { delay: '1h', callback: { type: 'http', url: receiver.url } });
    const id = await store(running, { delay: '300ms', callback: { type: 'http', url: receiver.url } });
    while (received.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const { body } = await call(running, 'GET', `/timers/${id}`);
    const dueMs = Date.parse(String(body.data['due_at']));
    expect(received).toEqual([{ fromMs: dueMs, toMs: dueMs }]);
    await listener.stop();
  });

  test('a process with a dispatcher wakes that, and notifies nobody (control)', async () => {
    const { running, received, listener } = await listenTo({});
    const id = await store(running, { delay: '10ms', callback: { type: 'http', url: receiver.url } });
    await eventually(running, `/timers/${id}`, hasStatus('completed'));
    expect(received).toEqual([]);
    await listener.stop();
  });
});

describe('the database role', () => {
  test('lacks privileges: the start fails and names the statements that grant them', async () => {
    await withDatabase(async (db) => {
      for (const text of [
        `CREATE ROLE limited LOGIN PASSWORD 'limited'`,
        'GRANT SELECT, INSERT, UPDATE, DELETE ON timers, dispatchers, timer_attempts, idempotency_keys TO limited',
      ])
        await db.rows({ name: '', text });
    });
    const databaseUrl = Object.assign(new URL(testDatabase.url), {
      username: 'limited',
      password: 'limited',
    }).href;
    const config = readConfig({ DATABASE_URL: databaseUrl, API_KEY, HOST: '127.0.0.1', PORT: '0' });
    const options = { config, databaseUrl, clock: systemClock, random: Math.random };
    await expect(startService({ ...options, log: pino({ level: 'silent' }) })).rejects.toThrow(
      'GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE claim_batches TO limited',
    );
    await withDatabase(async (db) => {
      for (const text of ['DROP OWNED BY limited', 'DROP ROLE limited']) await db.rows({ name: '', text });
    });
  });
});

describe('while a dependency is unavailable', () => {
  test('NATS: the service starts, and delivers once NATS is back', async () => {
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

  test('the database: health and requests return errors, and timers are delivered once it is back', async () => {
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

  test('a database that does not respond any more does not hold up the stop', async () => {
    const running = await start({ SHUTDOWN_GRACE_MS: '0' });
    await running.dispatching;
    relay.freeze();
    const stuck = call(running, 'GET', '/timers').catch(() => undefined);
    const startedMs = performance.now();
    await running.stop();
    expect(performance.now() - startedMs).toBeLessThan(20_000);
    await stuck;
    await relay.cut();
    await relay.restore();
  }, 30_000);

  test('the database at the start: the API responds, and dispatching starts once the database is back', async () => {
    await relay.cut();
    const running = await start();
    expect((await call(running, 'GET', '/healthz')).status).toBe(500);
    await relay.restore();
    await running.dispatching;
    const id = await store(running, { delay: '50ms', callback: { type: 'http', url: receiver.url } });
    await eventually(running, `/timers/${id}`, hasStatus('completed'));
  });

  test('a missing migration: the start fails and names the command to run', async () => {
    const old = await createTestDatabase({ empty: true });
    await migrateToLatest({ databaseUrl: old.url, to: 2n });
    try {
      const config = readConfig({ DATABASE_URL: old.url, API_KEY, PORT: '0', HOST: '127.0.0.1' });
      const options = { config, databaseUrl: old.url, clock: systemClock, random: Math.random };
      await expect(startService({ ...options, log: pino({ level: 'silent' }) })).rejects.toThrow(
        /migrator:migrate/,
      );
    } finally {
      await old.drop();
    }
  });
});
