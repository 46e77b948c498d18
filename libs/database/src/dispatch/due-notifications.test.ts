import { afterEach, describe, expect, test } from '@jest/globals';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { connect } from '../connect.ts';
import { DueListener, type DueRange, notifyDue } from './due-notifications.ts';

const database = withTestDatabase({
  open: (url, onIdleError) => connect({ url, applicationName: 'due.test', poolSize: 2, onIdleError }),
});
const listeners: DueListener[] = [];

afterEach(async () => {
  await Promise.all(listeners.splice(0).map((listener) => listener.stop()));
});

/** Starts a listener, and resolves when it listens. */
async function listen() {
  const received: DueRange[] = [];
  const errors: unknown[] = [];
  const listener = new DueListener({
    url: database.url,
    applicationName: 'due listener',
    onDue: (range) => received.push(range),
    onError: (error) => errors.push(error),
  });
  listeners.push(listener);
  listener.start();
  await isListening();
  return { received, errors, listener };
}

async function query(text: string): Promise<Record<string, unknown>[]> {
  return database.db.rows({ name: '', text });
}

/** The server may have databases of other tests. */
const LISTENERS = "pg_stat_activity WHERE application_name = 'due listener' AND datname = current_database()";

async function isListening(): Promise<void> {
  const ready = `SELECT FROM ${LISTENERS} AND state = 'idle' AND query LIKE 'LISTEN%'`;
  while ((await query(ready)).length === 0);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

describe('DueListener', () => {
  test('receives the range of due instants', async () => {
    const { received } = await listen();
    await notifyDue(database.db, { fromMs: 1_000.5, toMs: 2_000 });
    await until(() => received.length === 1);
    expect(received).toEqual([{ fromMs: 1_000.5, toMs: 2_000 }]);
  });

  test('ignores what another program sends on the channel', async () => {
    const { received } = await listen();
    for (const payload of ['', 'x y', '2 1', '1'])
      await query(`SELECT pg_notify('timers_due', '${payload}')`);
    await notifyDue(database.db, { fromMs: 7, toMs: 7 });
    await until(() => received.length > 0);
    expect(received).toEqual([{ fromMs: 7, toMs: 7 }]);
  });

  test('opens a lost connection again', async () => {
    const { received, errors } = await listen();
    await query(`SELECT pg_terminate_backend(pid) FROM ${LISTENERS}`);
    await until(() => errors.length > 0);
    await isListening();
    await notifyDue(database.db, { fromMs: 1, toMs: 1 });
    await until(() => received.length === 1);
    expect(received).toEqual([{ fromMs: 1, toMs: 1 }]);
  });

  test('stops while it waits to connect again', async () => {
    const { errors, listener } = await listen();
    await query(`SELECT pg_terminate_backend(pid) FROM ${LISTENERS}`);
    await until(() => errors.length > 0);
    await listener.stop();
    expect(await query(`SELECT FROM ${LISTENERS}`)).toEqual([]);
  });
});
