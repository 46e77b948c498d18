import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { verifySignature } from '@timer-platform/callback-types';
import { defineCallback, TimerError } from '@timer-platform/client';
import { inTransaction } from '@timer-platform/client/transaction';
import pg from 'pg';
import { z } from 'zod';
import { type Delivery, startTestKit, type TestKit } from './index.ts';
import { create, hook, request } from './testing/requests.ts';

const SECRET = `whsec_${Buffer.from('a secret of the test kit, long enough').toString('base64')}`;
const START = '2030-01-01T00:00:00.000Z';

let kit: TestKit;
beforeAll(async () => {
  kit = await startTestKit({ settings: { SIGNING_SECRETS: SECRET }, settleTimeoutMs: 3_000 });
});
afterAll(() => kit.stop());
beforeEach(() => kit.reset());

const instants = (deliveries: readonly Delivery[]) => deliveries.map(({ at }) => at.toISOString());
const payloads = (deliveries: readonly Delivery[]) => deliveries.map(({ payload }) => payload);

async function withServer<Result>(
  listener: Parameters<typeof createServer>[1],
  use: (url: string) => Promise<Result>,
): Promise<Result> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe('time', () => {
  test('stands still until it is moved', async () => {
    expect(kit.now().toISOString()).toBe(START);
    const id = await create(kit, { delay: '1ms', callback: hook() });
    const { data } = await request(kit, 'GET', `/timers/${id}`);
    expect(data).toMatchObject({
      status: 'pending',
      created_at: START,
      execute_at: '2030-01-01T00:00:00.001Z',
    });
    expect(kit.deliveries()).toEqual([]);
  });

  test('a timer is delivered at its instant and not a millisecond earlier', async () => {
    const id = await create(kit, { delay: '3d', callback: hook('/reminders', { order: 42 }) });
    expect(await kit.advance(3 * 86_400_000 - 1)).toEqual([]);
    expect(await kit.advance(1)).toEqual([
      expect.objectContaining({
        id,
        attempt: 1,
        at: new Date('2030-01-04T00:00:00.000Z'),
        type: 'http',
        url: 'https://shop.example/reminders',
        payload: { order: 42 },
        result: 200,
      }),
    ]);
    const { data } = await request(kit, 'GET', `/timers/${id}`);
    expect(data).toMatchObject({
      status: 'completed',
      executed_at: '2030-01-04T00:00:00.000Z',
      updated_at: '2030-01-04T00:00:00.000Z',
    });
  });

  test('timers are delivered in the order in which they are due, whenever they were stored', async () => {
    for (const minutes of [30, 10, 20])
      await create(kit, { delay: `${minutes}m`, callback: hook('/', minutes) });
    const deliveries = await kit.advance('1h');
    expect(payloads(deliveries)).toEqual([10, 20, 30]);
    expect(instants(deliveries)).toEqual([
      '2030-01-01T00:10:00.000Z',
      '2030-01-01T00:20:00.000Z',
      '2030-01-01T00:30:00.000Z',
    ]);
    expect(kit.now().toISOString()).toBe('2030-01-01T01:00:00.000Z');
  });

  test('is not moved back', async () => {
    await kit.advance('1h');
    await expect(kit.setTime('2030-01-01T00:30:00Z')).rejects.toThrow(
      'cannot be moved back, from 2030-01-01T01:00:00.000Z to 2030-01-01T00:30:00.000Z: use reset()',
    );
    await kit.reset({ startAt: '2029-06-01T00:00:00Z' });
    expect(kit.now().toISOString()).toBe('2029-06-01T00:00:00.000Z');
  });

  test('a change of the clocks moves local times, not durations', async () => {
    // On 2030-03-31 Berlin goes from 02:00 to 03:00.
    await kit.reset({ startAt: '2030-03-30T12:00[Europe/Berlin]' });
    await create(kit, { delay: '1d', callback: hook('/duration') });
    const noon = new Date('2030-03-31T10:00:00Z').toISOString();
    await create(kit, { execute_at: noon, callback: hook('/local-noon') });
    expect(await kit.setTime('2030-03-31T11:59[Europe/Berlin]')).toEqual([]);
    expect((await kit.setTime('2030-03-31T12:00[Europe/Berlin]')).map(({ url }) => url)).toEqual([
      'https://shop.example/local-noon',
    ]);
    expect((await kit.setTime('2030-03-31T13:00[Europe/Berlin]')).map(({ url }) => url)).toEqual([
      'https://shop.example/duration',
    ]);
  });

  test('runs until nothing is pending', async () => {
    await create(kit, { delay: '400d', callback: hook() });
    await create(kit, { delay: '1h', callback: hook() });
    expect(await kit.runUntilIdle()).toHaveLength(2);
    expect(kit.now().toISOString()).toBe('2031-02-05T00:00:00.000Z');
    expect(await kit.runUntilIdle()).toEqual([]);
  });

  test('runUntilIdle ends with an error if a handler always schedules the next timer', async () => {
    await kit.respond('/loop', async () => {
      await create(kit, { delay: '1d', callback: hook('/loop') });
      return 200;
    });
    await create(kit, { delay: '1d', callback: hook('/loop') });
    await expect(kit.runUntilIdle({ maxDeliveries: 5 })).rejects.toThrow(
      'More than 5 attempts until 2030-01-07T00:00:00.000Z: does a handler schedule the next timer each time?',
    );
  });

  test('idempotency keys are forgotten after their virtual time', async () => {
    const timer = { delay: '30d', callback: hook() };
    const key = { 'idempotency-key': 'order-42' };
    const first = await create(kit, timer, key);
    await kit.advance('6d');
    expect(await create(kit, timer, key)).toBe(first);
    await kit.advance('2d');
    expect(await create(kit, timer, key)).not.toBe(first);
  });
});

describe('retries', () => {
  test('come exactly after the delays of the default policy, until they are used up', async () => {
    await kit.respond('/down', 500);
    const id = await create(kit, { delay: '1s', callback: hook('/down') });
    const deliveries = await kit.runUntilIdle();
    const afterMs = deliveries.map(
      ({ at }, index) => at.getTime() - (deliveries[index - 1]?.at ?? at).getTime(),
    );
    expect(afterMs.map((ms) => ms / 1_000)).toEqual([
      0, 5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800,
    ]);
    expect(deliveries.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const { data } = await request(kit, 'GET', `/timers/${id}`);
    expect(data).toMatchObject({
      status: 'failed',
      attempts: 10,
      last_error: expect.stringContaining('HTTP 500'),
    });
  });

  test('responses are used one after the other, and the last one is repeated', async () => {
    await kit.respond('/flaky', 503, 'cut', 200);
    await create(kit, { delay: '1s', callback: hook('/flaky') });
    await create(kit, { delay: '1h', callback: hook('/flaky') });
    const deliveries = await kit.runUntilIdle();
    expect(deliveries.map(({ result }) => result)).toEqual([503, 'cut', 200, 200]);
    expect(instants(deliveries).slice(0, 3)).toEqual([
      '2030-01-01T00:00:01.000Z',
      '2030-01-01T00:00:06.000Z',
      '2030-01-01T00:00:36.000Z',
    ]);
  });

  test('a policy with exponential delays and Retry-After is followed', async () => {
    await kit.respond('/busy', 500, { status: 429, headers: { 'retry-after': '3600' } }, 200);
    const retry = { max_attempts: 5, exponential: { initial: '10s', factor: 3, max: '1h' } };
    await create(kit, { delay: '1s', retry, callback: hook('/busy') });
    expect(instants(await kit.runUntilIdle())).toEqual([
      '2030-01-01T00:00:01.000Z',
      '2030-01-01T00:00:11.000Z',
      '2030-01-01T01:00:11.000Z',
    ]);
  });

  test('a circuit breaker opens and closes in virtual time', async () => {
    await kit.respond('/down', ...Array.from({ length: 10 }, () => 503), 200);
    for (let n = 0; n < 10; n += 1)
      await create(kit, { delay: '1s', retry: { max_attempts: 1 }, callback: hook('/down', n) });
    await create(kit, { delay: '1100ms', callback: hook('/down', 'deferred') });
    const deliveries = await kit.advance('1m');
    expect(deliveries).toHaveLength(11);
    expect(deliveries.at(-1)).toMatchObject({
      payload: 'deferred',
      at: new Date('2030-01-01T00:00:02.000Z'),
    });
  });

  test('a receiver that hangs ends at the time limit of the callback, in virtual time', async () => {
    await kit.respond('/slow', 'hang', { status: 200, after: '59s' });
    const callback = { ...hook('/slow'), timeout_ms: 60_000 };
    const id = await create(kit, { delay: '1s', callback });
    const startedMs = performance.now();
    expect(instants(await kit.runUntilIdle())).toEqual([
      '2030-01-01T00:00:01.000Z',
      '2030-01-01T00:01:06.000Z',
    ]);
    expect(performance.now() - startedMs).toBeLessThan(20_000);
    const { data } = await request(kit, 'GET', `/timers/${id}`);
    expect(data).toMatchObject({ status: 'completed', executed_at: '2030-01-01T00:02:05.000Z', attempts: 2 });
  });
});

describe('handlers', () => {
  test('a definition that sender and receiver share names its callbacks', async () => {
    const reminder = defineCallback('payment-reminder', z.object({ order: z.number() }), {
      type: 'http',
      url: 'https://shop.example/hooks',
    });
    await kit.respond(reminder, 503, 200);
    await kit.client.create(reminder, { order: 42 }, { delay: '3d' });
    await kit.client.create({ delay: '1d', callback: { type: 'http', url: 'https://shop.example/hooks' } });
    await kit.expectScheduled(reminder, { in: '3d', payload: { order: 42 } });
    await kit.runUntilIdle();
    expect(kit.deliveries('/hooks')).toHaveLength(3);
    expect(kit.deliveries(reminder).map(({ result, payload }) => [result, payload])).toEqual([
      [503, { order: 42 }],
      [200, { order: 42 }],
    ]);
  });

  test('cancel, change and create timers that are due later in the same move', async () => {
    const ids: Record<string, string> = {};
    for (const [name, delay] of [
      ['canceled', '2h'],
      ['postponed', '3h'],
      ['unchanged', '4h'],
    ] as const)
      ids[name] = await create(kit, { delay, callback: hook('/', name) });
    await kit.respond('/first', async ({ at }) => {
      expect(kit.now()).toEqual(at);
      const canceled = await request(kit, 'DELETE', `/timers/${ids['canceled'] ?? ''}`);
      const postponed = await request(kit, 'PUT', `/timers/${ids['postponed'] ?? ''}`, {
        execute_at: '2030-01-01T05:00:00Z',
      });
      expect([canceled.status, postponed.status]).toEqual([200, 200]);
      await create(kit, { delay: '30m', callback: hook('/', 'created') });
      return 200;
    });
    await create(kit, { delay: '1h', callback: hook('/first') });
    const deliveries = (await kit.advance('1d')).filter(({ url }) => url === 'https://shop.example/');
    expect(
      deliveries.map(({ payload, at }) => `${String(payload)} ${at.toISOString().slice(11, 16)}`),
    ).toEqual(['created 01:30', 'unchanged 04:00', 'postponed 05:00']);
  });

  test('a function that throws responds with 500', async () => {
    await kit.respond(
      '/broken',
      () => {
        throw new Error('a bug of the handler');
      },
      200,
    );
    await create(kit, { delay: '1s', callback: hook('/broken') });
    expect((await kit.runUntilIdle()).map(({ result }) => result)).toEqual([500, 200]);
  });

  test('servers of the test on this machine get their callbacks by the network', async () => {
    const received: string[] = [];
    await withServer(
      (message, response) => {
        received.push(`${message.url ?? ''} at ${kit.now().toISOString()}`);
        response.writeHead(204).end();
      },
      async (url) => {
        await create(kit, { delay: '1h', callback: { type: 'http', url: `${url}/mine` } });
        await create(kit, { delay: '2h', callback: { type: 'http', url: `${url}/mine` } });
        await kit.advance('1d');
      },
    );
    expect(received).toEqual(['/mine at 2030-01-01T01:00:00.000Z', '/mine at 2030-01-01T02:00:00.000Z']);
  });

  test('one that never responds ends the move with an error that says so', async () => {
    await withServer(
      () => undefined,
      async (url) => {
        await create(kit, { delay: '1h', callback: { type: 'http', url: `${url}/hangs` } });
        await expect(kit.advance('1d')).rejects.toThrow(
          'Nothing has happened for 3000 ms of real time at 2030-01-01T01:00:00.000Z:\n  1 attempts have no response: does a receiver of the test hang?',
        );
      },
    );
  });

  test('signatures are those of the virtual time', async () => {
    await create(kit, { delay: '90d', callback: hook('/signed', { order: 42 }) });
    const [delivery] = await kit.advance('90d');
    const message = { headers: delivery?.headers ?? {}, body: delivery?.body ?? '', secrets: SECRET };
    await expect(verifySignature({ ...message, now: kit.now() })).resolves.toMatchObject({
      id: delivery?.id,
    });
    await expect(verifySignature(message)).rejects.toThrow('timestamp too new');
  });
});

describe('the database', () => {
  let client: pg.Client;
  beforeAll(async () => {
    client = new pg.Client({ connectionString: kit.databaseUrl });
    await client.connect();
  });
  afterAll(() => client.end());

  test('has the virtual time in now() and clock_timestamp()', async () => {
    await kit.advance('1d');
    const { rows } = await client.query<Record<string, Date>>(
      'SELECT now(), clock_timestamp(), now() + $1 AS later',
      ['1 hour'],
    );
    expect(rows).toEqual([
      {
        now: new Date('2030-01-02T00:00:00Z'),
        clock_timestamp: new Date('2030-01-02T00:00:00Z'),
        later: new Date('2030-01-02T01:00:00Z'),
      },
    ]);
  });

  test('nothing in it reads the real time', async () => {
    const { rows } = await client.query<{ place: string; definition: string }>(`
      SELECT * FROM (
        SELECT 'default of ' || adrelid::regclass || '.' || adnum AS place, pg_get_expr(adbin, adrelid) AS definition
        FROM pg_attrdef JOIN pg_class ON pg_class.oid = adrelid WHERE relnamespace = 'public'::regnamespace
        UNION ALL
        SELECT 'constraint ' || conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        UNION ALL
        SELECT 'view ' || viewname, definition FROM pg_views WHERE schemaname = 'public'
        UNION ALL
        SELECT 'function ' || proname, prosrc || COALESCE(array_to_string(proconfig, ' '), '') FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace
      ) AS places
      WHERE definition ~* 'CURRENT_TIMESTAMP|LOCALTIME|CURRENT_TIME|CURRENT_DATE|pg_catalog\\.(now|clock_timestamp)'
        OR definition ~ 'search_path=pg_catalog'
        OR (definition ~ 'search_path' AND definition !~ 'pg_catalog')`);
    expect(rows).toEqual([]);
  });

  test('a timer that is stored by SQL is delivered like any other', async () => {
    await client.query(
      `INSERT INTO timers (execute_at, callback_type, callback_config) VALUES (now() + interval '1 hour', 'http', $1)`,
      [hook('/by-sql')],
    );
    expect(instants(await kit.advance('1d'))).toEqual(['2030-01-01T01:00:00.000Z']);
  });

  describe('in a transaction of the code under test', () => {
    const paymentDue = defineCallback('payment-due', z.object({ order: z.int() }), {
      type: 'http',
      url: 'https://shop.example/payments',
    });
    const timers = inTransaction({ query: (text, values) => client.query(text, values) });
    async function transact(
      work: () => Promise<unknown>,
      end: 'COMMIT' | 'ROLLBACK' = 'COMMIT',
    ): Promise<void> {
      await client.query('BEGIN');
      await work();
      await client.query(end);
    }

    test('schedule_timer counts from the virtual time, and what it stores is delivered as it passes', async () => {
      await kit.advance('1d');
      await transact(() => timers.create(paymentDue, { order: 1 }, { delay: '3d', key: 'order-1' }));
      await transact(() => timers.create(paymentDue, { order: 2 }, { delay: '1d' }), 'ROLLBACK');
      await transact(() => timers.create(paymentDue, { order: 3 }, { delay: '0s' }));
      await kit.expectScheduled(paymentDue, { in: '3d', payload: { order: 1 } });
      const deliveries = await kit.advance('30d');
      expect(deliveries.map(({ at, payload }) => [at.toISOString(), payload])).toEqual([
        ['2030-01-02T00:00:00.001Z', { order: 3 }],
        ['2030-01-05T00:00:00.000Z', { order: 1 }],
      ]);
      await kit.expectNothingScheduled();
    });

    test('a timer is replaced and canceled until the virtual time has reached it', async () => {
      await transact(() => timers.create(paymentDue, { order: 1 }, { delay: '1h', key: 'order-1' }));
      await kit.advance('30m');
      await transact(() => timers.create(paymentDue, { order: 1 }, { delay: '1h', key: 'order-1' }));
      expect(await kit.advance('59m')).toEqual([]);
      expect(instants(await kit.advance('1m'))).toEqual(['2030-01-01T01:30:00.000Z']);
      expect(await timers.cancelByKey('order-1')).toBe(false);
      await transact(() => timers.create(paymentDue, { order: 2 }, { delay: '1h', key: 'order-2' }));
      expect(await timers.cancelByKey('order-2')).toBe(true);
      expect(await kit.advance('1d')).toEqual([]);
    });

    test('an instant that the virtual time has passed is refused, although the real time has not', async () => {
      const past = timers.create(paymentDue, { order: 1 }, { execute_at: '2029-12-31T23:59:59Z' });
      await expect(past).rejects.toThrow(TimerError);
      await expect(past).rejects.toMatchObject({ reason: 'in_the_past' });
    });

    test('a timer whose transaction commits after its instant is delivered with the next move', async () => {
      await transact(async () => {
        await timers.create(paymentDue, { order: 1 }, { delay: '1h' });
        expect(await kit.advance('2h')).toEqual([]);
      });
      expect(instants(await kit.advance('1ms'))).toEqual(['2030-01-01T02:00:00.000Z']);
    });

    test('a handler schedules the next timer in a transaction, within the same move', async () => {
      await kit.respond(paymentDue, async ({ payload }) => {
        const { order } = payload as { order: number };
        if (order < 3) await transact(() => timers.create(paymentDue, { order: order + 1 }, { delay: '1d' }));
        return 200;
      });
      await transact(() => timers.create(paymentDue, { order: 1 }, { delay: '1d' }));
      expect(instants(await kit.advance('30d'))).toEqual([
        '2030-01-02T00:00:00.000Z',
        '2030-01-03T00:00:00.000Z',
        '2030-01-04T00:00:00.000Z',
      ]);
    });
  });
});

test('without NATS, its URL and its timers are refused with the reason', async () => {
  expect(() => kit.natsUrl).toThrow('The test kit has no NATS server: start it with { nats: true }');
  await expect(create(kit, { delay: '1s', callback: { type: 'nats', topic: 'orders' } })).rejects.toThrow(
    '400',
  );
});

describe('expectations', () => {
  test('a pending timer is found by what is expected of it', async () => {
    const callback = {
      ...hook('/reminders', { order: 42, items: [1, 2] }),
      headers: { 'timer-callback': 'payment' },
    };
    const id = await create(kit, { delay: '3d', callback, metadata: { source: 'test' } });
    const expected = { in: '3d', payload: { order: 42 }, metadata: { source: 'test' } };
    for (const name of ['/reminders', 'https://shop.example/reminders', 'payment', { name: 'payment' }])
      expect(await kit.expectScheduled(name, expected)).toMatchObject({ id, status: 'pending' });
    await expect(kit.expectNothingScheduled('payment')).rejects.toThrow(
      'Expected no pending timer for "payment".\nPending are:\n  2030-01-04T00:00:00.000Z "payment" to https://shop.example/reminders',
    );
    await kit.advance('3d');
    await kit.expectNothingScheduled();
    expect(kit.deliveries({ name: 'payment' })).toHaveLength(1);
  });

  test('the message says what is scheduled instead', async () => {
    await create(kit, { delay: '3d', callback: hook('/reminders', { order: 42 }) });
    await expect(
      kit.expectScheduled('/reminders', { at: '2030-01-03T00:00:00Z', payload: { order: 43 } }),
    ).rejects.toThrow(
      [
        'No pending timer for /reminders is as expected; it is 2030-01-01T00:00:00.000Z.',
        'Pending for it:',
        '  2030-01-04T00:00:00.000Z to https://shop.example/reminders with {"order":42}',
        '      at is 2030-01-04T00:00:00.000Z, expected 2030-01-03T00:00:00.000Z',
        '      payload is {"order":42}, expected {"order":43}',
      ].join('\n'),
    );
    await expect(kit.expectScheduled('/other')).rejects.toThrow(
      'No pending timer for /other is as expected; it is 2030-01-01T00:00:00.000Z.\nPending are:\n  2030-01-04T',
    );
  });
});

test('a year of 10,000 timers is delivered in order, each at its instant', async () => {
  const count = 10_000;
  const yearMs = 365 * 86_400_000;
  const startMs = kit.now().getTime();
  const dueMs = Array.from(
    { length: count },
    (_, n) => startMs + 1 + Math.floor(((n * 7_919) % count) * (yearMs / count)),
  );
  for (let from = 0; from < count; from += 1_000) {
    const timers = dueMs.slice(from, from + 1_000).map((ms) => ({
      execute_at: new Date(ms).toISOString(),
      callback: hook('/year', ms),
    }));
    const { status } = await request(kit, 'POST', '/timers/batch', { timers });
    expect(status).toBe(201);
  }
  const deliveries = await kit.advance('366d');
  const sorted = dueMs.toSorted((one, other) => one - other);
  expect(payloads(deliveries)).toEqual(sorted);
  expect(deliveries.map(({ at }) => at.getTime())).toEqual(sorted);
  // About 2 s on an idle machine. Whatever the load, 500 are claimed at once.
  const client = new pg.Client({ connectionString: kit.databaseUrl });
  await client.connect();
  const { rows } = await client.query<{ batches: number }>(
    `SELECT last_value::integer AS batches FROM pg_sequences WHERE sequencename = 'claim_batches_id_seq'`,
  );
  await client.end();
  expect(rows[0]?.batches).toBeLessThan(100);
}, 120_000);
