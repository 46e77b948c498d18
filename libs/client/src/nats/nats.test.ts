import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { CallbackConfig } from '@timer-platform/callback-types';
import {
  type NatsServer,
  startNatsServer,
  startTimerService,
  type TimerServiceProcess,
} from '@timer-platform/test-support';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import {
  AckPolicy,
  connect,
  headers as messageHeaders,
  type JetStreamManager,
  nanos,
  type NatsConnection,
} from 'nats';
import { z } from 'zod';
import { defineCallback } from '../callbacks/define-callback.ts';
import type { CallbackContext } from '../receivers/callback-handler.ts';
import { PermanentError, RetryLaterError } from '../receivers/handler-errors.ts';
import { memoryDedupStore } from '../receivers/memory-dedup-store.ts';
import type { ErrorReport } from '../receivers/report-error.ts';
import { openableGate } from '../testing/openable-gate.ts';
import { consume } from './consume.ts';
import { subscribe } from './subscribe.ts';

let server: NatsServer;
let service: TimerServiceProcess;
let connection: NatsConnection;
let manager: JetStreamManager;
afterAll(async () => {
  await service.stop();
  await connection.close();
  await server.stop();
});
const database = withTestDatabase();
beforeAll(async () => {
  server = await startNatsServer({ jetstream: true });
  connection = await connect({ servers: server.url });
  manager = await connection.jetstreamManager();
  await manager.streams.add({ name: 'ORDERS', subjects: ['orders.>'] });
  service = await startTimerService({ databaseUrl: database.url, env: { NATS_URL: server.url } });
});

let number = 0;
let topic = '';
beforeEach(() => {
  number += 1;
  topic = `${number}`;
});

const order = z.object({ order: z.string() });
const definition = (prefix: 'core' | 'orders') =>
  defineCallback('shipped', order, {
    type: 'nats',
    topic: `${prefix}.${topic}`,
    jetstream: prefix === 'orders',
  });

async function createTimer(callback: CallbackConfig): Promise<string> {
  const response = await fetch(`${service.url}/timers`, {
    method: 'POST',
    headers: { 'x-api-key': service.apiKey, 'content-type': 'application/json' },
    body: JSON.stringify({ delay: '1ms', callback }),
  });
  expect(response.status).toBe(201);
  return ((await response.json()) as { readonly data: { readonly id: string } }).data.id;
}

async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(10);
}

function publish(subject: string, data: string, fields: Readonly<Record<string, string>>): void {
  const headers = messageHeaders();
  for (const [name, value] of Object.entries(fields)) headers.set(name, value);
  connection.publish(subject, data, { headers });
}

function recordErrors() {
  const reports: string[] = [];
  return { reports, onError: (_: unknown, { reason }: ErrorReport) => reports.push(reason) };
}

describe('subscribe', () => {
  test('handles a callback that the timer service has published', async () => {
    const shipped = definition('core');
    const seen: (readonly [string, CallbackContext])[] = [];
    const subscription = subscribe(connection, shipped, (payload, context) =>
      seen.push([payload.order, context]),
    );
    await connection.flush();
    const id = await createTimer(shipped.to({ order: '42' }));
    await eventually(() => seen.length === 1);
    expect(seen).toEqual([['42', expect.objectContaining({ id, timerId: id, name: 'shipped', attempt: 1 })]]);
    await subscription.stop();
    await subscription.closed;
  });

  test('drops repetitions, and reports what is invalid or not from the timer service', async () => {
    const shipped = definition('core');
    const seen: string[] = [];
    const { onError, reports } = recordErrors();
    const subscription = subscribe(connection, shipped, (payload) => seen.push(payload.order), {
      onError,
      concurrency: 1,
    });
    const subject = `core.${topic}`;
    publish(subject, '{"order":"1"}', { 'Nats-Msg-Id': 'a', 'timer-callback': 'shipped' });
    publish(subject, '{"order":"1"}', { 'Nats-Msg-Id': 'a', 'timer-callback': 'shipped' });
    publish(subject, '{"order":1}', { 'Nats-Msg-Id': 'b' });
    publish(subject, 'no JSON', { 'Nats-Msg-Id': 'c' });
    publish(subject, '{"order":"no id"}', {});
    publish(subject, '{"order":"other"}', { 'Nats-Msg-Id': 'd', 'timer-callback': 'canceled' });
    publish(subject, '{"order":"2"}', { 'Nats-Msg-Id': 'e' });
    await eventually(() => seen.includes('2'));
    expect(seen).toEqual(['1', '2']);
    expect(reports).toEqual(['invalid payload', 'invalid payload', 'unverified']);
    await subscription.stop();
  });

  test('one subscriber of a queue gets each callback, and stop waits for the handlers', async () => {
    const shipped = definition('core');
    const gate = openableGate();
    const seen: string[] = [];
    const ended: string[] = [];
    const handler = async (payload: { readonly order: string }) => {
      seen.push(payload.order);
      await gate.opened;
      ended.push(payload.order);
    };
    const subscriptions = ['a', 'b'].map(() => subscribe(connection, shipped, handler, { queue: 'mail' }));
    for (let index = 0; index < 20; index += 1)
      publish(`core.${topic}`, JSON.stringify({ order: String(index) }), { 'Nats-Msg-Id': `id-${index}` });
    await eventually(() => seen.length > 0);
    const stopped = Promise.all(subscriptions.map((subscription) => subscription.stop()));
    expect(ended).toEqual([]);
    gate.open();
    await stopped;
    expect(ended).toHaveLength(20);
    expect(new Set(ended).size).toBe(20);
  });

  test('needs a subject if the destination has none', () => {
    const computed = defineCallback('computed', order, (payload) => ({ type: 'nats', topic: payload.order }));
    expect(() => subscribe(connection, computed, () => undefined)).toThrow('has no fixed NATS destination');
  });
});

describe('consume', () => {
  async function createConsumer() {
    const name = `consumer-${topic}`;
    await manager.consumers.add('ORDERS', {
      durable_name: name,
      filter_subject: `orders.${topic}`,
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(500),
    });
    const consumer = await connection.jetstream().consumers.get('ORDERS', name);
    const info = () => manager.consumers.info('ORDERS', name);
    /** Everything was acknowledged or given up. */
    const isEmpty = async () => {
      const { num_ack_pending, num_pending } = await info();
      return num_ack_pending === 0 && num_pending === 0;
    };
    return { consumer, isEmpty };
  }

  test('handles and acknowledges a callback that the timer service has published', async () => {
    const shipped = definition('orders');
    const { consumer, isEmpty } = await createConsumer();
    const seen: string[] = [];
    const subscription = await consume(consumer, shipped, (payload, { id }) =>
      seen.push(`${payload.order} ${id}`),
    );
    const id = await createTimer(shipped.to({ order: '42' }));
    await eventually(() => seen.length === 1);
    await eventually(isEmpty);
    expect(seen).toEqual([`42 ${id}`]);
    await subscription.stop();
  });

  test('gets a callback again that failed or came too early, and not one that failed for good', async () => {
    const shipped = definition('orders');
    const { consumer, isEmpty } = await createConsumer();
    const { onError, reports } = recordErrors();
    const seen: string[] = [];
    const handler = (payload: { readonly order: string }) => {
      const isFirst = !seen.includes(payload.order);
      seen.push(payload.order);
      if (payload.order === 'permanent') throw new PermanentError('no such order');
      if (payload.order === 'failed' && isFirst) throw new Error('down');
      if (payload.order === 'later' && isFirst) throw new RetryLaterError('unpaid', { afterSeconds: 1 });
    };
    const subscription = await consume(consumer, shipped, handler, { onError, redeliveryDelayMs: () => 10 });
    for (const text of ['permanent', 'failed', 'later']) await createTimer(shipped.to({ order: text }));
    publish(`orders.${topic}`, '{"order":"no id"}', {});
    await eventually(() => seen.length >= 5);
    await eventually(isEmpty);
    expect(seen.sort()).toEqual(['failed', 'failed', 'later', 'later', 'permanent']);
    expect(reports.sort()).toEqual(['failed', 'permanent', 'retry later', 'unverified']);
    await subscription.stop();
  });

  test('acknowledges a repetition without handling it again', async () => {
    const shipped = definition('orders');
    const { consumer, isEmpty } = await createConsumer();
    const dedup = memoryDedupStore();
    const seen: string[] = [];
    const subscription = await consume(consumer, shipped, (payload) => seen.push(payload.order), { dedup });
    const id = await createTimer(shipped.to({ order: '42' }));
    await eventually(() => seen.length === 1);
    // The same message once more, as after the duplicate window of the stream.
    await manager.streams.update('ORDERS', { duplicate_window: nanos(100) });
    const before = (await manager.streams.info('ORDERS')).state.messages;
    await eventually(async () => {
      publish(`orders.${topic}`, '{"order":"42"}', { 'Nats-Msg-Id': id });
      await connection.flush();
      return (await manager.streams.info('ORDERS')).state.messages > before;
    });
    await eventually(isEmpty);
    expect(seen).toEqual(['42']);
    await subscription.stop();
  });

  test('keeps a callback that takes longer than ack_wait, and finishes it before it stops', async () => {
    const shipped = definition('orders');
    const { consumer, isEmpty } = await createConsumer();
    const entered = openableGate();
    let calls = 0;
    const subscription = await consume(
      consumer,
      shipped,
      async () => {
        calls += 1;
        entered.open();
        // Longer than twice ack_wait: what is tested is that time passes.
        await sleep(1_200);
      },
      { progressIntervalMs: 100 },
    );
    await createTimer(shipped.to({ order: '42' }));
    await entered.opened;
    await subscription.stop();
    expect(calls).toBe(1);
    await eventually(isEmpty);
  });
});
