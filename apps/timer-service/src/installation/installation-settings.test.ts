import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
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
import { z } from 'zod';
import { systemClock } from '../clock.ts';
import { readConfig } from '../config.ts';
import { type Service, startService } from '../service.ts';

let nats: NatsServer;
let receiver: Receiver;
let database: TestDatabase;
let db: Database;
let logged: string[];
const running: Service[] = [];

beforeAll(async () => {
  [nats, receiver] = await Promise.all([startNatsServer({ config: 'max_payload: 1000' }), startReceiver()]);
});
afterAll(() => Promise.all([receiver.stop(), nats.stop()]));

beforeEach(async () => {
  logged = [];
  database = await createTestDatabase();
  db = connect({ url: database.url, applicationName: 'test', poolSize: 1, onIdleError: () => undefined });
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((service) => service.stop()));
  await db.close();
  await database.drop();
});

const HEADER_ENCRYPTION_KEYS = `a:${Buffer.alloc(32, 1).toString('base64')}`;

async function start(env: Readonly<Record<string, string>> = {}): Promise<Service> {
  const service = await startService({
    config: readConfig({
      DATABASE_URL: database.url,
      API_KEY: 'test-api-key-of-installation-settings',
      HOST: '127.0.0.1',
      PORT: '0',
      ...env,
    }),
    databaseUrl: database.url,
    log: pino({ level: 'warn' }, { write: (line: string) => logged.push(line) }),
    clock: systemClock,
    random: Math.random,
  });
  running.push(service);
  return service;
}

const rows = (text: string, values: unknown[] = []) => db.rows({ name: '', text }, values);
const schedule = (callback: object, delay = '1 hour') =>
  rows('SELECT schedule_timer($1::jsonb, delay => $2::interval)', [JSON.stringify(callback), delay]);

const warningSchema = z.object({
  setting: z.string(),
  recorded: z.string(),
  own: z.string(),
  msg: z.string(),
});

function warnings(): { setting: string; recorded: string; own: string }[] {
  return logged
    .map((line) => warningSchema.safeParse(JSON.parse(line)).data)
    .filter((warning) => warning !== undefined)
    .map(({ setting, recorded, own }) => ({ setting, recorded, own }));
}

const refusal = (text: string) => ({ detail: expect.stringContaining(text) });

describe('schedule_timer follows the service that runs', () => {
  test('refuses what its settings deny, and what its NATS server does not accept', async () => {
    await start({ NATS_URL: nats.url, ALLOWED_DESTINATIONS: '10.1.0.0/16', DENIED_PORTS: '8080' });
    await schedule({ type: 'http', url: 'http://10.1.2.3/' });
    await expect(schedule({ type: 'http', url: 'http://10.2.0.1/' })).rejects.toMatchObject(
      refusal('an address that is not public'),
    );
    await expect(schedule({ type: 'http', url: 'http://example.com:8080/' })).rejects.toMatchObject(
      refusal('must not use port 8080'),
    );
    // The limit is known when NATS has connected.
    let limits: unknown[];
    do limits = await rows('SELECT FROM installation_settings WHERE nats_max_payload = 1000');
    while (limits.length === 0);
    await schedule({ type: 'nats', topic: 'orders', payload: 'a'.repeat(998) });
    await expect(schedule({ type: 'nats', topic: 'orders', payload: 'a'.repeat(999) })).rejects.toMatchObject(
      refusal('larger than the NATS server accepts: 1000 bytes'),
    );
  });

  test('stores a typed callback where headers are encrypted, and the service delivers it', async () => {
    await start({ HEADER_ENCRYPTION_KEYS, ALLOWED_DESTINATIONS: '127.0.0.1' });
    const callback = { type: 'http', url: `${receiver.url}/typed`, payload: { order: 42 } };
    await schedule({ ...callback, headers: { 'timer-callback': 'payment-due' } }, '0');
    const [request] = await receiver.waitFor(1);
    expect(request).toMatchObject({ path: '/typed', headers: { 'timer-callback': 'payment-due' } });
  });

  test.each([
    ['another header beside it', { 'timer-callback': 'payment-due', authorization: 'secret' }],
    ['a value that is no name', { 'timer-callback': 'Bearer secret' }],
    ['another spelling', { 'Timer-Callback': 'payment-due' }],
  ])('refuses %s where headers are encrypted', async (_, headers) => {
    await start({ HEADER_ENCRYPTION_KEYS, DISPATCHER: 'off' });
    await expect(schedule({ type: 'http', url: 'https://example.com/', headers })).rejects.toMatchObject(
      refusal('must have no header but timer-callback'),
    );
  });
});

describe('of two services with other settings', () => {
  const settings = { ALLOWED_DESTINATIONS: '10.1.0.0/16,hooks.internal:8080', DENIED_PORTS: '22,25' };

  test('equal settings are no warning', async () => {
    await start(settings);
    await start(settings);
    expect(warnings()).toEqual([]);
  });

  test('the one that dispatches and starts last decides, and warns of each setting', async () => {
    await start(settings);
    await start({
      ALLOWED_DESTINATIONS: '10.1.0.0/16',
      DENIED_PORTS: '25,6379',
      NATS_URL: nats.url,
      HEADER_ENCRYPTION_KEYS,
    });
    expect(warnings()).toEqual([
      { setting: 'HEADER_ENCRYPTION_KEYS', recorded: 'does not encrypt', own: 'encrypts' },
      { setting: 'NATS_URL', recorded: 'not set', own: 'set' },
      { setting: 'ALLOWED_DESTINATIONS', recorded: 'hooks.internal at port 8080', own: '' },
      { setting: 'DENIED_PORTS', recorded: '22', own: '6379' },
    ]);
    await schedule({ type: 'http', url: 'http://10.1.2.3:22/' });
    await expect(schedule({ type: 'http', url: 'http://10.1.2.3:6379/' })).rejects.toMatchObject(
      refusal('must not use port 6379'),
    );
  });

  test('the one that only serves the API warns, and changes nothing but that headers are encrypted', async () => {
    await start(settings);
    await start({ HEADER_ENCRYPTION_KEYS, DISPATCHER: 'off' });
    expect(warnings().map(({ setting }) => setting)).toEqual([
      'HEADER_ENCRYPTION_KEYS',
      'ALLOWED_DESTINATIONS',
      'DENIED_PORTS',
    ]);
    await schedule({ type: 'http', url: 'http://10.1.2.3/' });
    const secret = { type: 'http', url: 'https://example.com/', headers: { authorization: 'secret' } };
    await expect(schedule(secret)).rejects.toMatchObject(refusal('headers are stored encrypted'));
    // One that does not encrypt never permits plain text.
    await start({ DISPATCHER: 'off' });
    await expect(schedule(secret)).rejects.toMatchObject(refusal('headers are stored encrypted'));
  });
});
