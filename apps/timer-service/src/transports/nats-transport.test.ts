import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { storedNatsCallbackSchema } from '@timer-platform/callback-types';
import { startNatsServer, type NatsServer, type NatsServerOptions } from '@timer-platform/database/testing';
import { connect, type Msg, type NatsConnection } from 'nats';
import { natsSettingsSchema, type NatsSettings } from './nats-settings.ts';
import { natsTransport } from './nats-transport.ts';
import type { Outcome, Transport } from './transport.ts';

const DELIVERED = { kind: 'delivered', statusCode: null };
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

/** A transport whose log can be waited for. */
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
  readonly timerId?: string;
}

function send(transport: Transport<'nats'>, message: Message): Promise<Outcome> {
  const { payload = '{}', timerId = randomUUID(), ...callback } = message;
  return transport.send({
    timerId,
    callback: storedNatsCallbackSchema.parse({ type: 'nats', ...callback }),
    payload,
  });
}

function retryable(reason: string, unreachable = false) {
  return { kind: 'retryable', reason, statusCode: null, retryAfterMs: null, unreachable };
}

async function collect(connection: NatsConnection, subject: string): Promise<Msg[]> {
  const messages: Msg[] = [];
  connection.subscribe(subject, { callback: (_, message) => messages.push(message) });
  await connection.flush();
  return messages;
}

describe('core messages', () => {
  it('arrive with subject, payload as stored, headers and the id of the timer', async () => {
    const server = await startServer();
    const receiver = await client(server);
    const messages = await collect(receiver, 'orders.>');
    const { transport } = create({ NATS_URL: server.url });
    const timerId = randomUUID();
    const payload = '{"b": 1, "a":"Grüße"}';
    expect(
      await send(transport, {
        topic: 'orders.due',
        key: '42',
        headers: { 'X-Trace': 'größer', 'nats-msg-id': 'forged' },
        payload,
        timerId,
      }),
    ).toEqual(DELIVERED);
    expect(await send(transport, { topic: 'orders.empty', payload: null })).toEqual(DELIVERED);
    await receiver.flush();
    expect(messages.map(({ subject }) => subject)).toEqual(['orders.due.42', 'orders.empty']);
    expect(messages[0]?.string()).toBe(payload);
    expect(messages[0]?.headers?.values('Nats-Msg-Id')).toEqual([timerId]);
    expect(messages[0]?.headers?.get('X-Trace')).toBe('größer');
    expect(messages[1]?.data).toHaveLength(0);
  });

  it('share flushes: 20,000 at once all arrive', async () => {
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
