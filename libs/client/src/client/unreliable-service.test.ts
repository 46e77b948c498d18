import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startReceiver, startTimerService, type TimerServiceProcess } from '@timer-platform/test-support';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { FAULTS, type FaultyProxy, startFaultyProxy } from '../testing/faulty-proxy.ts';
import { runConcurrently } from '../testing/run-concurrently.ts';
import { seededRandom } from '../testing/seeded-random.ts';
import { type AnyTimerError, TimerError } from './errors.ts';
import type { ClientOptions } from './options.ts';
import type { NewTimer } from './requests.ts';
import { type Fetch, type Runtime, systemRuntime } from './runtime.ts';
import { TimerClient } from './timer-client.ts';

// A real service behind a proxy that cuts, delays and replaces what passes, in an order that the seed decides.
const SEED = 12;
const WIDTH = 16;
const CALLS = 160;

let service: TimerServiceProcess;
let proxy: FaultyProxy;
// Before the database is dropped, which the hooks of withTestDatabase do.
afterAll(async () => {
  await proxy.stop();
  await service.stop();
});
const database = withTestDatabase();
beforeAll(async () => {
  service = await startTimerService({ databaseUrl: database.url });
  proxy = await startFaultyProxy(service.url);
});

/** Waits a tenth of the time, which makes the test as fast as the service. */
const hasty: Runtime = { ...systemRuntime, sleep: (ms, signal) => systemRuntime.sleep(ms / 10, signal) };

function connect(url: string, limits: Partial<ClientOptions>): TimerClient {
  return new TimerClient({ url, apiKey: service.apiKey, ...limits }, hasty);
}

type Settled<Value> = { readonly value: Value } | { readonly error: AnyTimerError };

/** Any other error than a TimerError fails the test. */
async function settle<Value>(call: Promise<Value>): Promise<Settled<Value>> {
  try {
    return { value: await call };
  } catch (error) {
    if (error instanceof TimerError) return { error };
    throw error;
  }
}

const newTimer = (metadata: string, url = 'http://127.0.0.1:8999/'): NewTimer => ({
  delay: '1h',
  callback: { type: 'http', url },
  metadata,
});

/** How many rows there are of each name in `metadata`. */
async function storedRows(prefix: string): Promise<ReadonlyMap<string, number>> {
  const { rows } = await database.query<{ name: string; count: number }>(
    `SELECT metadata #>> '{}' AS name, count(*)::int FROM timers WHERE metadata #>> '{}' LIKE $1 GROUP BY 1`,
    [`${prefix}%`],
  );
  return new Map(rows.map(({ name, count }) => [name, count]));
}

async function withFaults<Value>(share: number, work: () => Promise<Value>): Promise<Value> {
  const random = seededRandom(SEED);
  proxy.inject(() => (random() < share ? (FAULTS[Math.floor(random() * FAULTS.length)] ?? 'pass') : 'pass'));
  try {
    return await work();
  } finally {
    proxy.inject(() => 'pass');
  }
}

describe('with faults in most requests', () => {
  test('creates end once, and store each timer once, or not at all if the error says so', async () => {
    const client = connect(proxy.url, { timeoutMs: 600, retries: 1 });
    const results = await withFaults(0.8, () =>
      runConcurrently(CALLS, WIDTH, (index) => settle(client.create(newTimer(`create ${index}`)))),
    );
    const rows = await storedRows('create ');
    const outcomes = { created: 0, 'failed, stored': 0, 'failed, not stored': 0 };
    for (const [index, result] of results.entries()) {
      const stored = rows.get(`create ${index}`) ?? 0;
      if ('value' in result) {
        expect([index, stored]).toEqual([index, 1]);
        outcomes.created += 1;
      } else {
        expect(stored).toBeLessThanOrEqual(result.error.mayHaveSucceeded ? 1 : 0);
        expect(result.error.tries).toBe(2);
        outcomes[stored === 1 ? 'failed, stored' : 'failed, not stored'] += 1;
      }
    }
    expect(results).toHaveLength(CALLS);
    expect(outcomes.created).toBeGreaterThan(CALLS / 5);
    // Controls: the faults were strong enough for all outcomes, and all kinds of them occurred.
    expect(Object.values(outcomes)).not.toContain(0);
    expect(Object.values(proxy.counts)).not.toContain(0);
  });

  test('batches are stored once and whole', async () => {
    const client = connect(proxy.url, { timeoutMs: 1_000, retries: 30 });
    const batches = await withFaults(0.8, () =>
      runConcurrently(8, WIDTH, (index) =>
        client.createMany(Array.from({ length: 50 }, (_, item) => newTimer(`batch ${index} ${item}`))),
      ),
    );
    expect(batches.flat()).toHaveLength(400);
    const rows = await storedRows('batch ');
    expect([rows.size, Math.max(...rows.values())]).toEqual([400, 1]);
  });

  test('timers with a key of their own are stored once and replaced', async () => {
    const client = connect(proxy.url, { timeoutMs: 600, retries: 30 });
    const timers = await withFaults(0.8, () =>
      runConcurrently(60, WIDTH, (index) => client.putByKey(`key-${index % 20}`, newTimer(`put ${index}`))),
    );
    expect(new Set(timers.map(({ id }) => id)).size).toBe(20);
    const { rows } = await database.query(
      `SELECT count(*)::int FROM timers WHERE metadata #>> '{}' LIKE 'put %'`,
    );
    expect(rows).toEqual([{ count: 20 }]);
  });

  test('timers with a key that are due at once are stored and delivered once', async () => {
    const receiver = await startReceiver();
    try {
      const client = connect(proxy.url, { timeoutMs: 600, retries: 30 });
      const timers = await withFaults(0.8, () =>
        runConcurrently(30, WIDTH, (index) =>
          client.putByKey(`due-${index}`, { ...newTimer(`due ${index}`, receiver.url), delay: '0s' }),
        ),
      );
      const requests = await receiver.waitFor(timers.length);
      const delivered = requests.map(({ headers }) => headers['webhook-id']);
      expect(delivered.sort()).toEqual(timers.map(({ id }) => id).sort());
      const rows = await storedRows('due ');
      expect([rows.size, Math.max(...rows.values())]).toEqual([timers.length, 1]);
    } finally {
      await receiver.stop();
    }
  });

  test('cancellations succeed, however often their responses are lost', async () => {
    const client = connect(proxy.url, { timeoutMs: 400, retries: 30 });
    const timers = await client.createMany(
      Array.from({ length: 40 }, (_, index) => newTimer(`cancel ${index}`)),
    );
    const results = await withFaults(0.8, () =>
      runConcurrently(timers.length, WIDTH, (index) => client.cancel(timers[index]?.id ?? '')),
    );
    expect(results).toEqual(timers.map(({ id }) => ({ id, status: 'canceled' })));
    const { rows } = await database.query(
      `SELECT DISTINCT status FROM timers WHERE metadata #>> '{}' LIKE 'cancel %'`,
    );
    expect(rows).toEqual([{ status: 'canceled' }]);
  });

  test('timers that are run now are delivered once, however often the responses are lost', async () => {
    const receiver = await startReceiver();
    try {
      const client = connect(proxy.url, { timeoutMs: 400, retries: 30 });
      const timers = await client.createMany(
        Array.from({ length: 20 }, (_, index) => newTimer(`run ${index}`, receiver.url)),
      );
      const results = await withFaults(0.8, () =>
        runConcurrently(timers.length, WIDTH, (index) => client.run(timers[index]?.id ?? '')),
      );
      expect(results.map(({ id }) => id)).toEqual(timers.map(({ id }) => id));
      const requests = await receiver.waitFor(timers.length);
      const delivered = requests.map(({ headers }) => headers['webhook-id']);
      expect(new Set(delivered)).toEqual(new Set(timers.map(({ id }) => id)));
      expect(delivered).toHaveLength(timers.length);
    } finally {
      await receiver.stop();
    }
  });

  test('a list over many pages is complete', async () => {
    const client = connect(proxy.url, { timeoutMs: 400, retries: 30 });
    const ids = await withFaults(0.5, async () => {
      const found = new Set<string>();
      for await (const { id } of client.list({ limit: 100 })) found.add(id);
      return found;
    });
    const { rows } = await database.query('SELECT count(*)::int FROM timers');
    expect([{ count: ids.size }]).toEqual(rows);
  });
});

test('a service that is killed and started again under load stores every timer once', async () => {
  let failedRequests = 0;
  const counting: Fetch = async (url, init) => {
    try {
      return await fetch(url, init);
    } catch (error) {
      failedRequests += 1;
      throw error;
    }
  };
  const client = connect(service.url, { timeoutMs: 5_000, retries: 300, fetch: counting });
  let stored = 0;
  let reached = (): void => undefined;
  const loaded = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const load = runConcurrently(400, WIDTH, async (index) => {
    await client.create(newTimer(`restart ${index}`));
    stored += 1;
    if (stored === 100) reached();
  });
  await loaded;
  await service.kill();
  service = await startTimerService({ databaseUrl: database.url, port: Number(new URL(service.url).port) });
  await load;
  const rows = await storedRows('restart ');
  expect([rows.size, Math.max(...rows.values())]).toEqual([400, 1]);
  expect(failedRequests).toBeGreaterThanOrEqual(WIDTH);
});
