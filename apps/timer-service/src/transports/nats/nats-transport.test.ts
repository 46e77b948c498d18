import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { storedNatsCallbackSchema } from '@timer-platform/callback-types';
import { type NatsServer, type NatsServerOptions, startNatsServer } from '@timer-platform/test-support';
import { connect, DiscardPolicy, type Msg, type NatsConnection, type StreamConfig } from 'nats';
import { attempt } from '../testing/attempt.ts';
import { startTcpRelay } from '../testing/tcp-relay.ts';
import type { Outcome, Transport } from '../transport.ts';
import { type NatsSettings, natsSettingsSchema } from './nats-settings.ts';
import { natsTransport, unconfiguredNatsTransport } from './nats-transport.ts';

const DELIVERED = { kind: 'delivered', statusCode: null, isDuplicate: false };
const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function startServer(options: NatsServerOptions = {}): Promise<NatsServer> {
  const server = await startNatsServer(options);
  closing.push(() => server.stop());
  return server;
}

function settingsFor(env: Record<string, string>): NatsSettings {
  const settings = natsSettingsSchema.parse(env);
  if (settings === undefined) throw new Error('no NATS in these settings');
  return settings;
}

/** Creates a transport; `logged` resolves when it has logged a text. */
function create(env: Record<string, string>) {
  const lines: string[] = [];
  const waiting: { text: string; resolve: () => void }[] = [];
  const write = (_: object, message: string) => {
    lines.push(message);
    for (const { text, resolve } of waiting) if (message.includes(text)) resolve();
  };
  const transport = natsTransport({ settings: settingsFor(env), log: { info: write, warn: write } });
  closing.push(() => transport.close());
  const logged = (text: string) =>
    new Promise<void>((resolve) => {
      waiting.push({ text, resolve });
    });
  return { transport, logged, lines };
}

async function client(server: NatsServer): Promise<NatsConnection> {
  const connection = await connect({ servers: server.url });
  closing.push(() => connection.close());
  return connection;
}

interface Message {
  readonly topic: string;
  readonly key?: string;
  readonly headers?: Record<string, string>;
  readonly jetstream?: boolean;
  readonly payload?: string | null;
  readonly messageId?: string;
  readonly attemptNumber?: number;
}

function send(transport: Transport<'nats'>, message: Message): Promise<Outcome> {
  const { payload = '{}', messageId = randomUUID(), attemptNumber = 1, ...callback } = message;
  return attempt(transport, storedNatsCallbackSchema.parse({ type: 'nats', ...callback }), {
    messageId,
    attemptNumber,
    payload,
  });
}

/** Retries until delivered: a busy machine may exceed a short timeout. */
async function deliver(transport: Transport<'nats'>, message: Message): Promise<void> {
  for (;;) {
    const outcome = await send(transport, message);
    if (outcome.kind === 'delivered') return;
    expect(outcome.kind).toBe('retryable');
    // Avoids a tight loop while the server is down; no test depends on the delay.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function retryable(reason: string, unavailable: 'endpoint' | 'route' | null = null) {
  return { kind: 'retryable', reason, statusCode: null, retryAfterMs: null, unavailable };
}

async function streamOn(server: NatsServer, config: Partial<StreamConfig>) {
  const manager = await (await client(server)).jetstreamManager();
  await manager.streams.add({ name: 'S', ...config });
  return manager;
}

async function collect(connection: NatsConnection, subject: string): Promise<Msg[]> {
  const messages: Msg[] = [];
  connection.subscribe(subject, { callback: (_, message) => messages.push(message) });
  await connection.flush();
  return messages;
}

describe('core messages', () => {
  test('arrive with subject, stored payload, headers and message id', async () => {
    const server = await startServer();
    const receiver = await client(server);
    const messages = await collect(receiver, 'orders.>');
    const { transport } = create({ NATS_URL: server.url });
    const messageId = randomUUID();
    const payload = '{"b": 1, "a":"Grüße"}';
    expect(
      await send(transport, {
        topic: 'orders.due',
        key: '42',
        headers: { 'X-Trace': 'größer', 'nats-msg-id': 'forged', 'TIMER-ATTEMPT': '99' },
        payload,
        messageId,
        attemptNumber: 3,
      }),
    ).toEqual(DELIVERED);
    expect(await send(transport, { topic: 'orders.empty', payload: null })).toEqual(DELIVERED);
    await receiver.flush();
    expect(messages.map(({ subject }) => subject)).toEqual(['orders.due.42', 'orders.empty']);
    expect(messages[0]?.string()).toBe(payload);
    expect(messages[0]?.headers?.values('Nats-Msg-Id')).toEqual([messageId]);
    expect(messages[0]?.headers?.values('Timer-Attempt')).toEqual(['3']);
    expect(messages[0]?.headers?.keys()).not.toContain('TIMER-ATTEMPT');
    expect(messages[0]?.headers?.get('X-Trace')).toBe('größer');
    expect(messages[1]?.data).toHaveLength(0);
  });

  test('share flushes: 20,000 concurrent ones all arrive', async () => {
    const server = await startServer();
    const receiver = await client(server);
    const messages = await collect(receiver, 'many');
    const { transport } = create({ NATS_URL: server.url });
    const outcomes = await Promise.all(
      Array.from({ length: 20_000 }, () => send(transport, { topic: 'many' })),
    );
    expect(outcomes.every(({ kind }) => kind === 'delivered')).toBe(true);
    await receiver.flush();
    expect(messages).toHaveLength(20_000);
  });
});

describe('messages to a stream', () => {
  test('may have the longest subject that a stored callback can have', async () => {
    const server = await startServer({ jetstream: true });
    await streamOn(server, { subjects: ['jobs.>'] });
    const { transport } = create({ NATS_URL: server.url });
    const message = { topic: `jobs.${'€'.repeat(1_000)}`, key: '€'.repeat(331) };
    for (const jetstream of [false, true])
      expect(await send(transport, { ...message, jetstream })).toEqual(DELIVERED);
  });

  test('are delivered when the stream stores them, and stored once per message id', async () => {
    const server = await startServer({ jetstream: true });
    const { streams } = await streamOn(server, { subjects: ['jobs.>'] });
    const { transport } = create({ NATS_URL: server.url });
    const messageId = randomUUID();
    for (let n = 0; n < 3; n += 1)
      expect(await send(transport, { topic: 'jobs', key: 'a', jetstream: true, messageId })).toEqual({
        ...DELIVERED,
        isDuplicate: n > 0,
      });
    expect((await streams.info('S')).state.messages).toBe(1);
  });

  test('are acknowledged concurrently', async () => {
    const server = await startServer({ jetstream: true });
    const { streams } = await streamOn(server, { subjects: ['jobs.>'] });
    const { transport } = create({ NATS_URL: server.url });
    const outcomes = await Promise.all(
      Array.from({ length: 5_000 }, () => send(transport, { topic: 'jobs', key: 'a', jetstream: true })),
    );
    expect(outcomes.every(({ kind }) => kind === 'delivered')).toBe(true);
    expect((await streams.info('S')).state.messages).toBe(5_000);
  });

  test('are retryable if no stream listens', async () => {
    const server = await startServer({ jetstream: true });
    const { transport } = create({ NATS_URL: server.url });
    expect(await send(transport, { topic: 'nobody', jetstream: true })).toEqual(
      retryable('no stream listens on "nobody"', 'route'),
    );
  });

  test('are retryable if the stream is full, permanent if they exceed its size limit', async () => {
    const server = await startServer({ jetstream: true });
    await streamOn(server, {
      subjects: ['jobs.>'],
      max_msgs: 1,
      max_msg_size: 1_000,
      discard: DiscardPolicy.New,
    });
    const { transport } = create({ NATS_URL: server.url });
    const message = { topic: 'jobs', key: 'a', jetstream: true };
    expect(await send(transport, message)).toEqual(DELIVERED);
    expect(await send(transport, message)).toEqual(
      retryable('the stream rejected the message: maximum messages exceeded', 'route'),
    );
    expect(await send(transport, { ...message, payload: JSON.stringify('x'.repeat(2_000)) })).toEqual({
      kind: 'permanent',
      reason: 'the stream rejected the message: message size exceeds maximum allowed',
      statusCode: null,
    });
  });

  test('are not delivered if the responder is not a stream', async () => {
    const server = await startServer();
    const other = await client(server);
    other.subscribe('jobs.a', { callback: (_, message) => message.respond('not an acknowledgement') });
    await other.flush();
    const { transport } = create({ NATS_URL: server.url });
    expect(await send(transport, { topic: 'jobs', key: 'a', jetstream: true })).toEqual(
      retryable('the responder on "jobs.a" is not a stream'),
    );
  });
});

describe('errors of the server', () => {
  const users = (permissions: string) => `
    authorization { users = [
      { user: timer, password: "p:w", permissions: { ${permissions} } }
      { user: all, password: all }
    ] }`;

  test('denied permissions are retryable and affect only their subject', async () => {
    const server = await startServer({
      jetstream: true,
      config: users('publish: ["allowed.>", "$JS.API.>"], subscribe: ["_INBOX.>"]'),
    });
    const { transport } = create({ NATS_URL: `nats://timer:p%3Aw@127.0.0.1:${server.port}` });
    const outcomes = await Promise.all(
      Array.from({ length: 1_000 }, (_, n) =>
        send(transport, { topic: n % 2 === 0 ? 'allowed.a' : `denied.${n % 10}`, jetstream: n % 100 === 1 }),
      ),
    );
    outcomes.forEach((outcome, n) => {
      if (n % 2 === 0) expect(outcome).toEqual(DELIVERED);
      else expect(outcome).toEqual(retryable(`NATS denied permission to publish to "denied.${n % 10}"`));
    });
    // Later messages to other subjects are not affected.
    expect(await send(transport, { topic: 'allowed.b' })).toEqual(DELIVERED);
  });

  test('a payload above the limit of the server is permanent', async () => {
    const server = await startServer({ config: 'max_payload: 1000' });
    const { transport } = create({ NATS_URL: server.url });
    for (const jetstream of [false, true])
      expect(
        await send(transport, { topic: 'a', jetstream, payload: JSON.stringify('x'.repeat(2_000)) }),
      ).toEqual({
        kind: 'permanent',
        reason: 'the message exceeds the payload limit of the NATS server',
        statusCode: null,
      });
    expect(await send(transport, { topic: 'a' })).toEqual(DELIVERED);
  });

  test('an invalid header is permanent, and the message is not sent', async () => {
    const server = await startServer();
    const { transport } = create({ NATS_URL: server.url });
    for (const [name, value] of [
      ['X-Bad', 'a\r\nNats-Msg-Id: forged'],
      ['X Bad', 'a'],
      ['X:Bad', 'a'],
    ] as const)
      expect(await send(transport, { topic: 'a', headers: { [name]: value } })).toEqual({
        kind: 'permanent',
        reason: `header ${JSON.stringify(name)} has a name or value that NATS does not allow`,
        statusCode: null,
      });
    expect(await send(transport, { topic: 'a' })).toEqual(DELIVERED);
  });

  test('rejected credentials are retryable, and credentials are not logged', async () => {
    const server = await startServer({ config: 'authorization { token: "s3cret" }' });
    const { transport, lines } = create({ NATS_URL: `nats://wrong@127.0.0.1:${server.port}` });
    expect(await send(transport, { topic: 'a' })).toEqual(
      retryable('not connected to NATS: the server rejected the credentials of this service', 'endpoint'),
    );
    const accepted = create({ NATS_URL: `nats://s3cret@127.0.0.1:${server.port}` });
    expect(await send(accepted.transport, { topic: 'a' })).toEqual(DELIVERED);
    expect([...lines, ...accepted.lines].join()).not.toMatch(/wrong|s3cret/);
  });
});

describe('outages', () => {
  test('a server that is down at the start is retryable until it is up', async () => {
    const server = await startServer();
    await server.kill();
    const { transport, logged } = create({ NATS_URL: server.url });
    expect(await send(transport, { topic: 'a' })).toEqual(retryable('not connected to NATS', 'endpoint'));
    const connected = logged('connected to NATS');
    await server.restart();
    await connected;
    expect(await send(transport, { topic: 'a' })).toEqual(DELIVERED);
  });

  test('unconfirmed messages fail with the connection and are not sent later', async () => {
    const server = await startServer();
    const receiver = await client(server);
    const messages = await collect(receiver, 'later');
    const relay = await startTcpRelay(server.port);
    closing.push(() => relay.close());
    const { transport } = create({ NATS_URL: `nats://127.0.0.1:${relay.port}` });
    await deliver(transport, { topic: 'a' });
    relay.stall();
    const pending = Array.from({ length: 100 }, (_, n) =>
      send(transport, { topic: 'later', jetstream: n % 10 === 0 }),
    );
    // The client sends them before it detects the cut.
    await new Promise((resolve) => setImmediate(resolve));
    relay.cut();
    const lost = retryable('the NATS connection was lost before the message was confirmed', 'endpoint');
    for (const outcome of await Promise.all(pending)) expect(outcome).toEqual(lost);
    await deliver(transport, { topic: 'later', payload: '"marker"' });
    await receiver.flush();
    expect(messages.map((message) => message.string())).toEqual(['"marker"']);
  });

  test('a server that stops responding is detected within the timeout', async () => {
    const server = await startServer({ jetstream: true });
    await streamOn(server, { subjects: ['jobs.>'] });
    const relay = await startTcpRelay(server.port);
    closing.push(() => relay.close());
    const { logged, transport } = create({
      NATS_URL: `nats://127.0.0.1:${relay.port}`,
      NATS_TIMEOUT_MS: '500',
    });
    await deliver(transport, { topic: 'a' });
    const lost = logged('lost the connection to NATS');
    relay.stall();
    const outcomes = await Promise.all([
      send(transport, { topic: 'a' }),
      send(transport, { topic: 'jobs', key: 'a', jetstream: true }),
    ]);
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ kind: 'retryable', unavailable: 'endpoint' });
    await lost;
    relay.cut();
    await deliver(transport, { topic: 'a' });
    await deliver(transport, { topic: 'jobs', key: 'a', jetstream: true });
  });

  test('10 kills of the server neither lose nor duplicate a message of a stream', async () => {
    const server = await startServer({ jetstream: true });
    await streamOn(server, { subjects: ['jobs.>'], duplicate_window: 600_000_000_000 });
    const { transport } = create({ NATS_URL: server.url, NATS_TIMEOUT_MS: '2000' });
    const messageIds = Array.from({ length: 2_000 }, () => randomUUID());
    let settled = 0;
    let reached: (() => void) | undefined;
    let goal = Infinity;

    /** Retries until the stream has stored it, as the dispatcher does. */
    async function deliverJob(messageId: string): Promise<void> {
      await deliver(transport, { topic: 'jobs', key: 'a', jetstream: true, messageId });
      settled += 1;
      if (settled >= goal) reached?.();
    }

    async function work(): Promise<void> {
      for (let id = messageIds.pop(); id !== undefined; id = messageIds.pop()) await deliverJob(id);
    }

    const workers = Promise.all(Array.from({ length: 50 }, () => work()));
    for (let kill = 1; kill <= 10; kill += 1) {
      goal = kill * 150;
      if (settled < goal)
        await new Promise<void>((resolve) => {
          reached = resolve;
        });
      await server.restart();
    }
    await workers;
    const { streams } = await (await client(server)).jetstreamManager();
    expect((await streams.info('S')).state.messages).toBe(2_000);
  });
});

test('without configuration every attempt is withdrawn and the reason names the settings', async () => {
  expect(await send(unconfiguredNatsTransport(), { topic: 'a' })).toEqual({
    kind: 'withdrawn',
    cause: 'undeliverable',
    reason: 'NATS is not configured: set NATS_URL or NATS_HOST',
  });
});

test('the endpoint is the connection, and each topic and each stream is a route', () => {
  const { transport: unconnected } = create({ NATS_URL: 'nats://user:password@127.0.0.1:1,127.0.0.1:2' });
  const endpoint = 'nats://127.0.0.1:1,127.0.0.1:2';
  const routeOf = (message: object) => {
    const destination = unconnected.destinationOf(
      storedNatsCallbackSchema.parse({ type: 'nats', ...message }),
    );
    expect(destination.endpoint).toBe(endpoint);
    return destination.route;
  };
  expect(routeOf({ topic: 'orders.due', key: '42' })).toBe(`${endpoint} orders.due`);
  expect(routeOf({ topic: 'orders.due', jetstream: true })).toBe(`${endpoint} stream orders`);
  expect(routeOf({ topic: 'jobs', key: 'a', jetstream: true })).toBe(`${endpoint} stream jobs`);
  expect(routeOf({ topic: 'a'.repeat(1_000) }).length).toBeLessThan(250);
});

describe('maxPayload', () => {
  test('is the limit of the server, also after the connection is lost', async () => {
    const server = await startServer({ config: 'max_payload: 2000' });
    const { logged, transport } = create({ NATS_URL: server.url });
    await deliver(transport, { topic: 'a' });
    expect(transport.maxPayload()).toBe(2_000);
    const lost = logged('lost the connection to NATS');
    await server.kill();
    await lost;
    expect(transport.maxPayload()).toBe(2_000);
  });

  test('is unknown before the first connection', () => {
    expect(create({ NATS_URL: 'nats://127.0.0.1:1' }).transport.maxPayload()).toBeUndefined();
    expect(unconfiguredNatsTransport().maxPayload()).toBeUndefined();
  });
});

test('close ends attempts that wait for the first connection', async () => {
  // A server that accepts the connection and says nothing.
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening');
  const { transport } = create({ NATS_URL: `nats://127.0.0.1:${address.port}` });
  const outcome = send(transport, { topic: 'a' });
  const closed = transport.close();
  expect(await outcome).toMatchObject({ kind: 'withdrawn', cause: 'stopping' });
  server.close();
  await closed;
});
