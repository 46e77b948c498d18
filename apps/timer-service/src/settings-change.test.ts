import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { connect, type Database } from '@timer-platform/database';
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

const API_KEY = 'test-api-key-of-the-settings-change';

let database: TestDatabase;
let nats: NatsServer;
let receiver: Receiver;
let db: Database;
const running: Service[] = [];

beforeAll(async () => {
  [database, nats, receiver] = await Promise.all([createTestDatabase(), startNatsServer(), startReceiver()]);
  db = connect({
    url: database.url,
    applicationName: 'settings-change.test',
    poolSize: 1,
    onIdleError: () => undefined,
  });
});

afterAll(async () => {
  await Promise.all(running.map((service) => service.stop()));
  await Promise.all([receiver.stop(), nats.stop(), db.close()]);
  await database.drop();
});

async function start(env: Readonly<Record<string, string>>): Promise<Service> {
  const service = await startService({
    config: readConfig({ DATABASE_URL: database.url, API_KEY, HOST: '127.0.0.1', PORT: '0', ...env }),
    databaseUrl: database.url,
    log: pino({ level: 'silent' }),
    clock: systemClock,
    random: Math.random,
  });
  running.push(service);
  return service;
}

async function request({ url }: Service, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { 'x-api-key': API_KEY, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return response.json();
}

interface StoredTimer {
  readonly status: string;
  readonly attempts: number;
  readonly last_error: string | null;
}

function storedTimers(): Promise<StoredTimer[]> {
  return db.rows<{ status: string; attempts: number; last_error: string | null }>({
    name: '',
    text: 'SELECT status, attempts, last_error FROM timers',
  });
}

test('while processes with other settings run, nothing fails that only some of them can deliver', async () => {
  const before = await start({});
  const after = await start({ ALLOWED_DESTINATIONS: '127.0.0.1', NATS_URL: nats.url });
  await Promise.all([before.dispatching, after.dispatching]);
  const callbacks = [
    { type: 'http', url: `${receiver.url}/settings` },
    { type: 'nats', topic: 'settings' },
  ];
  const timers = Array.from({ length: 40 }, (_, n) => ({
    delay: `${50 + n * 25}ms`,
    callback: callbacks[n % callbacks.length],
    retry: { max_attempts: 1 },
  }));

  let rows: StoredTimer[];
  // The control: the process that is replaced has claimed some that it cannot deliver. It is chance which process claims a
  // timer, so there may have to be more timers.
  do {
    expect(await request(after, '/timers/batch', { timers })).toMatchObject({ code: 0 });
    do rows = await storedTimers();
    while (
      rows.some(({ status }) => status === 'pending') &&
      !rows.some(({ last_error: error }) => error !== null)
    );
  } while (!rows.some(({ last_error: error }) => error !== null));
  await before.stop();
  while (rows.some(({ status }) => status === 'pending')) rows = await storedTimers();

  expect(rows.map(({ status, attempts }) => ({ status, attempts }))).toEqual(
    rows.map(() => ({ status: 'completed', attempts: 1 })),
  );
}, 60_000);
