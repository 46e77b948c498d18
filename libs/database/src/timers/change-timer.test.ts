import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { TimerState } from '@timer-platform/callback-types';
import { createTestDatabase, type TestDatabase } from '@timer-platform/test-support';
import pg from 'pg';
import { connect, type Database } from '../connect.ts';
import { cancelTimer, changeFrom, retryTimer, runTimer } from './change-timer.ts';
import { findTimer } from './find-timer.ts';
import { insertTimers } from './insert-timers.ts';
import { listAttempts } from './list-attempts.ts';
import type { TimerRow } from './timer-row.ts';
import { updateTimer } from './update-timer.ts';

let database: TestDatabase;
let db: Database;
let admin: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase();
  db = connect({ url: database.url, applicationName: 'test', poolSize: 20, onIdleError: () => undefined });
  admin = new pg.Client({ connectionString: database.url });
  await admin.connect();
});
afterAll(async () => {
  await admin.end();
  await db.close();
  await database.drop();
});

const EXECUTE_AT = '2099-01-31T09:00:00.000Z';
const MISSING = '00000000-0000-4000-8000-000000000000';
const STATES: readonly TimerState[] = ['pending', 'executing', 'completed', 'failed', 'canceled'];

async function insert(status: TimerState = 'pending'): Promise<string> {
  const result = await insertTimers(db, [
    {
      executeAt: EXECUTE_AT,
      callback: { type: 'http', url: 'https://example.com/' },
      metadata: { a: 1 },
      retry: { max_attempts: 2 },
      expiresAt: '2099-03-01T00:00:00.000Z',
    },
  ]);
  if (result.outcome !== 'inserted') throw new Error(result.outcome);
  const id = result.timers[0]?.id ?? '';
  await set(id, `status = '${status}'`);
  return id;
}

async function set(id: string, assignments: string): Promise<void> {
  await admin.query(`UPDATE timers SET ${assignments} WHERE id = $1`, [id]);
}

async function find(id: string): Promise<TimerRow> {
  const timer = await findTimer(db, id);
  if (timer === undefined) throw new Error('no such timer');
  return timer;
}

const CHANGES = {
  cancel: { allowed: 'pending', change: (id: string) => cancelTimer(db, id) },
  run: { allowed: 'pending', change: (id: string) => runTimer(db, id) },
  retry: { allowed: 'failed', change: (id: string) => retryTimer(db, id) },
  update: { allowed: 'pending', change: (id: string) => updateTimer(db, id, { metadata: 2 }) },
} as const;

describe.each(Object.entries(CHANGES))('%s', (_, { allowed, change }) => {
  test.each(STATES)('of a timer that is %s', async (status) => {
    const id = await insert(status);
    const before = await find(id);
    const result = await change(id);
    if (status === allowed) {
      expect(result).toMatchObject({ outcome: 'changed', timer: { id } });
      expect((await find(id)).updated_at.getTime()).toBeGreaterThanOrEqual(before.updated_at.getTime());
    } else {
      expect(result).toStrictEqual({ outcome: 'wrong-state', status });
      expect(await find(id)).toStrictEqual(before);
    }
  });

  test('of a timer that is not there', async () => {
    expect(await change(MISSING)).toStrictEqual({ outcome: 'not-found' });
  });
});

test('one of twenty cancellations wins', async () => {
  const id = await insert();
  const results = await Promise.all(Array.from({ length: 20 }, () => cancelTimer(db, id)));
  expect(results.filter(({ outcome }) => outcome === 'changed')).toHaveLength(1);
  expect(results.filter(({ outcome }) => outcome === 'wrong-state')).toHaveLength(19);
});

test('a change that meets a timer on its way back to the allowed state is tried again', async () => {
  const id = await insert('executing');
  let tries = 0;
  const result = await changeFrom('pending', db, id, async () => {
    tries += 1;
    const rows = tries === 1 ? [] : [await find(id)];
    // As if a dispatcher handed it back between the change and the question why it met nothing.
    if (tries === 1) await set(id, "status = 'pending'");
    return rows;
  });
  expect(result).toMatchObject({ outcome: 'changed' });
  expect(tries).toBe(2);
});

describe('updateTimer', () => {
  test('changes what is given and keeps the rest', async () => {
    const id = await insert();
    const before = await find(id);
    await updateTimer(db, id, { callback: { type: 'nats', topic: 'a.b' } });
    expect(await find(id)).toStrictEqual({
      ...before,
      callback_type: 'nats',
      callback_config: { type: 'nats', topic: 'a.b' },
      updated_at: expect.any(Date),
    });
    await updateTimer(db, id, { metadata: null, retry: null, expiresAt: null });
    expect(await find(id)).toMatchObject({
      metadata: null,
      retry: null,
      expires_at: null,
      callback_type: 'nats',
    });
  });

  test('a new instant takes the place of the instant of a retry', async () => {
    const id = await insert();
    await set(id, "next_attempt_at = now() + interval '1 hour'");
    await updateTimer(db, id, { metadata: 3 });
    expect((await find(id)).due_at.getTime()).toBeLessThan(Date.parse(EXECUTE_AT));
    const later = '2099-06-01T00:00:00.000Z';
    await updateTimer(db, id, { executeAt: later });
    expect(await find(id)).toMatchObject({ execute_at: new Date(later), due_at: new Date(later) });
  });

  test('a delay counts from now', async () => {
    const id = await insert();
    await updateTimer(db, id, { delayMs: 60_000 });
    const { due_at, updated_at } = await find(id);
    const ahead = due_at.getTime() - updated_at.getTime();
    expect(ahead).toBeGreaterThanOrEqual(60_000);
    expect(ahead).toBeLessThanOrEqual(60_001);
  });

  test('an instant in the past is refused', async () => {
    const id = await insert();
    const before = await find(id);
    expect(await updateTimer(db, id, { executeAt: '2020-01-01T00:00:00.000Z' })).toStrictEqual({
      outcome: 'in-the-past',
    });
    expect(await find(id)).toStrictEqual(before);
  });
});

describe('retryTimer', () => {
  test('gives a timer all its attempts again, due now', async () => {
    const id = await insert('failed');
    await set(id, "attempts = 2, lost_claims = 3, executed_at = now(), last_error = 'HTTP 500'");
    await retryTimer(db, id);
    const timer = await find(id);
    expect(timer).toMatchObject({
      status: 'pending',
      attempts: 2,
      executed_at: null,
      last_error: 'HTTP 500',
    });
    expect(timer.due_at.getTime()).toBeLessThan(Date.parse(EXECUTE_AT));
    expect(timer.expires_at).toStrictEqual(new Date('2099-03-01T00:00:00.000Z'));
    const { rows } = await admin.query('SELECT attempts_forgiven, lost_claims FROM timers WHERE id = $1', [
      id,
    ]);
    expect(rows[0]).toStrictEqual({ attempts_forgiven: 2, lost_claims: 0 });
  });

  test('overrules an expiry that has passed', async () => {
    const id = await insert('failed');
    await set(id, "expires_at = now() - interval '1 second'");
    await retryTimer(db, id);
    expect((await find(id)).expires_at).toBeNull();
  });
});

test('listAttempts tells failed attempts and the one that delivered', async () => {
  const id = await insert('completed');
  await set(
    id,
    "attempts = 2, next_attempt_at = '2026-01-01 00:01Z', attempted_at = '2026-01-01 00:01:00.5Z', executed_at = '2026-01-01 00:01:02Z'",
  );
  await admin.query(
    `INSERT INTO timer_attempts VALUES ($1, 1, '2026-01-01 00:00Z', '2026-01-01 00:00:01Z', '2026-01-01 00:00:03Z', 503, 'HTTP 503')`,
    [id],
  );
  expect(await listAttempts(db, id)).toStrictEqual([
    {
      number: 1,
      due_at: new Date('2026-01-01T00:00:00Z'),
      started_at: new Date('2026-01-01T00:00:01Z'),
      finished_at: new Date('2026-01-01T00:00:03Z'),
      status_code: 503,
      error: 'HTTP 503',
    },
    {
      number: 2,
      due_at: new Date('2026-01-01T00:01:00Z'),
      started_at: new Date('2026-01-01T00:01:00.500Z'),
      finished_at: new Date('2026-01-01T00:01:02Z'),
      status_code: null,
      error: null,
    },
  ]);
  expect(await listAttempts(db, MISSING)).toStrictEqual([]);
});
