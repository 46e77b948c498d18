import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { findProgram } from '@timer-platform/test-support';
import { connect, JSONCodec } from 'nats';
import { startTestKit, type TestKit } from './index.ts';
import { create, hook, request } from './testing/requests.ts';

let kit: TestKit;
/** What the test waits for at each instant. */
let handled: Promise<unknown> = Promise.resolve();
beforeAll(async () => {
  kit = await startTestKit({
    nats: { program: findProgram('nats-server', 'NATS_SERVER_BIN') },
    settle: async () => {
      await handled;
    },
  });
});
afterAll(() => kit.stop());
beforeEach(() => kit.reset());

describe('NATS', () => {
  test('a message is caught at its instant', async () => {
    const callback = {
      type: 'nats',
      topic: 'orders',
      key: 'late',
      payload: { order: 42 },
      headers: { 'timer-callback': 'late' },
    };
    const id = await create(kit, { delay: '7d', callback });
    await kit.expectScheduled('orders.late', { in: '7d', payload: { order: 42 } });
    expect(await kit.advance('6d')).toEqual([]);
    await kit.advance('1d');
    expect(kit.deliveries('orders.late')).toEqual([
      expect.objectContaining({
        id,
        type: 'nats',
        subject: 'orders.late',
        name: 'late',
        at: new Date('2030-01-08T00:00:00Z'),
        payload: { order: 42 },
        result: 'published',
      }),
    ]);
    expect(kit.deliveries('late')).toHaveLength(1);
  });

  test('HTTP and NATS callbacks are delivered in one order, also to a stream of JetStream', async () => {
    const connection = await connect({ servers: kit.natsUrl });
    const manager = await connection.jetstreamManager();
    await manager.streams.add({ name: 'STREAM', subjects: ['stream.>'] });
    for (let n = 0; n < 6; n += 1) {
      const payload = { n };
      const callback =
        n % 2 === 0
          ? { type: 'nats', topic: 'stream', key: 'a', payload, jetstream: true }
          : { type: 'http', url: 'https://shop.example/', payload };
      await create(kit, { delay: `${6 - n}h`, callback });
    }
    const deliveries = await kit.advance('1d');
    expect(deliveries.map(({ payload }) => payload)).toEqual([5, 4, 3, 2, 1, 0].map((n) => ({ n })));
    const message = await manager.streams.getMessage('STREAM', { last_by_subj: 'stream.a' });
    expect(JSONCodec().decode(message.data)).toEqual({ n: 0 });
    await connection.close();
  });

  test('the time waits for a consumer that goes on after the delivery', async () => {
    const connection = await connect({ servers: kit.natsUrl });
    const canceled = await create(kit, { delay: '2h', callback: hook('/', 'canceled') });
    handled = new Promise<void>((resolve, reject) => {
      connection.subscribe('orders.paid', {
        callback: () => {
          request(kit, 'DELETE', `/timers/${canceled}`).then(() => {
            resolve();
          }, reject);
        },
      });
    });
    await connection.flush();
    await create(kit, { delay: '1h', callback: { type: 'nats', topic: 'orders', key: 'paid' } });
    await create(kit, { delay: '3h', callback: hook('/', 'kept') });
    const deliveries = await kit.advance('1d');
    expect(deliveries.map(({ subject, payload }) => subject ?? payload)).toEqual(['orders.paid', 'kept']);
    await connection.close();
  });

  test('an error of the function settle ends the move', async () => {
    handled = Promise.reject(new Error('the handler has failed'));
    await create(kit, { delay: '1h', callback: hook() });
    await expect(kit.advance('1d')).rejects.toThrow('The function settle has failed: the handler has failed');
    handled = Promise.resolve();
    expect(await kit.advance('1d')).toEqual([]);
  });
});
