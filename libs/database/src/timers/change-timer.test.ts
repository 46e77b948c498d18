import { describe, expect, test } from '@jest/globals';
import type { TimerState } from '@timer-platform/callback-types';
import { timerFactory } from '@timer-platform/test-support';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { connect } from '../connect.ts';
import { cancelTimer, changeFrom, retryTimer, runTimer } from './change-timer.ts';
import { findTimer } from './find-timer.ts';
import { listAttempts } from './list-attempts.ts';
import type { TimerRow } from './timer-row.ts';
import { type TimerUpdate, updateTimer } from './update-timer.ts';

const database = withTestDatabase({
  open: (url, onIdleError) =>
    connect({ url, applicationName: 'change-timer.test', poolSize: 20, onIdleError }),
});
const timers = timerFactory(database.query);

const EXECUTE_AT = '2099-01-31T09:00:00.000Z';
const MISSING = '00000000-0000-4000-8000-000000000000';
const STATES: readonly TimerState[] = ['pending', 'executing', 'completed', 'failed', 'canceled'];

function store(status: TimerState = 'pending'): Promise<string> {
  return timers.create({
    status,
    execute_at: EXECUTE_AT,
    metadata: { a: 1 },
    retry: { max_attempts: 2 },
    expires_at: '2099-03-01T00:00:00.000Z',
  });
}

async function set(id: string, assignments: string): Promise<void> {
  await database.query(`UPDATE timers SET ${assignments} WHERE id = $1`, [id]);
}

async function find(id: string): Promise<TimerRow> {
  const timer = await findTimer(database.db, id);
  if (timer === undefined) throw new Error('timer not found');
  return timer;
}

const CHANGES = {
  cancel: { allowed: 'pending', change: (id: string) => cancelTimer(database.db, id) },
  run: { allowed: 'pending', change: (id: string) => runTimer(database.db, id) },
  retry: { allowed: 'failed', change: (id: string) => retryTimer(database.db, id) },
  update: { allowed: 'pending', change: (id: string) => updateTimer(database.db, id, { metadata: 2 }) },
} as const;

describe.each(Object.entries(CHANGES))('%s a timer', (_, { allowed, change }) => {
  test.each(STATES)('in the state %s', async (status) => {
    const id = await store(status);
    const before = await find(id);
    const result = await change(id);
    if (status === allowed) {
      expect(result).toMatchObject({ outcome: 'changed', timer: { id } });
      expect(Number((await find(id)).updated_at)).toBeGreaterThanOrEqual(Number(before.updated_at));
    } else {
      expect(result).toStrictEqual({ outcome: 'wrong-state', status });
      expect(await find(id)).toStrictEqual(before);
    }
  });

  test('that does not exist', async () => {
    expect(await change(MISSING)).toStrictEqual({ outcome: 'not-found' });
  });
});

test('only one of twenty concurrent cancellations takes effect', async () => {
  const id = await store();
  const results = await Promise.all(Array.from({ length: 20 }, () => cancelTimer(database.db, id)));
  expect(results.filter(({ outcome }) => outcome === 'changed')).toHaveLength(1);
  expect(results.filter(({ outcome }) => outcome === 'wrong-state')).toHaveLength(19);
});

test('changeFrom retries if the timer returns to the allowed state in between', async () => {
  const id = await store('executing');
  let tries = 0;
  const result = await changeFrom('pending', database.db, id, async () => {
    tries += 1;
    const rows = tries === 1 ? [] : [await find(id)];
    // As if a dispatcher released the timer between the two statements.
    if (tries === 1) await set(id, "status = 'pending'");
    return rows;
  });
  expect(result).toMatchObject({ outcome: 'changed' });
  expect(tries).toBe(2);
});

describe('updateTimer', () => {
  test('changes only the given fields', async () => {
    const id = await store();
    const before = await find(id);
    await updateTimer(database.db, id, { callback: { type: 'nats', topic: 'a.b' } });
    expect(await find(id)).toStrictEqual({
      ...before,
      callback_type: 'nats',
      callback_config: { type: 'nats', topic: 'a.b' },
      destination: 'nats:a.b',
      updated_at: expect.any(Date),
    });
    await updateTimer(database.db, id, { metadata: null, retry: null, expiresAt: null });
    expect(await find(id)).toMatchObject({
      metadata: null,
      retry: null,
      expires_at: null,
      callback_type: 'nats',
    });
  });

  test('replaces the instant of a retry by a new instant', async () => {
    const id = await store();
    await set(id, "next_attempt_at = now() + interval '1 hour'");
    await updateTimer(database.db, id, { metadata: 3 });
    expect(Number((await find(id)).due_at)).toBeLessThan(Date.parse(EXECUTE_AT));
    const later = '2099-02-15T00:00:00.000Z';
    await updateTimer(database.db, id, { executeAt: later });
    expect(await find(id)).toMatchObject({ execute_at: new Date(later), due_at: new Date(later) });
  });

  test('counts a delay from now', async () => {
    const id = await store();
    await updateTimer(database.db, id, { delayMs: 60_000 });
    const { due_at, updated_at } = await find(id);
    const ahead = Number(due_at) - Number(updated_at);
    expect(ahead).toBeGreaterThanOrEqual(60_000);
    expect(ahead).toBeLessThanOrEqual(60_001);
  });

  test('rejects an instant in the past', async () => {
    const id = await store();
    const before = await find(id);
    expect(await updateTimer(database.db, id, { executeAt: '2020-01-01T00:00:00.000Z' })).toStrictEqual({
      outcome: 'in-the-past',
    });
    expect(await find(id)).toStrictEqual(before);
  });
});

describe('updateTimer of a timer that was created in the future', () => {
  test.each([{ executeAt: new Date(Date.now() + 3_600_000).toISOString() }, { delayMs: 60_000 }])(
    'rejects an instant before its creation: %j',
    async (update) => {
      const id = await store();
      await set(id, "created_at = now() + interval '1 day'");
      expect(await updateTimer(database.db, id, update)).toStrictEqual({ outcome: 'in-the-past' });
    },
  );
});

describe('updateTimer with an expiry', () => {
  test.each<[TimerUpdate, string]>([
    [{ expiresAt: EXECUTE_AT }, 'expires-before-due'],
    [{ expiresAt: '2099-01-31T08:59:59.999Z' }, 'expires-before-due'],
    [{ expiresAt: '2020-01-01T00:00:00.000Z' }, 'expires-before-due'],
    [{ executeAt: '2099-03-01T00:00:00.000Z' }, 'expires-before-due'],
    [{ delayMs: 100 * 365 * 86_400_000 }, 'expires-before-due'],
    [{ delayMs: 60_000, expiresAt: '2030-01-01T00:00:00.000Z' }, 'changed'],
    [{ executeAt: '2099-04-01T00:00:00.000Z', expiresAt: null }, 'changed'],
    [{ executeAt: '2099-02-28T23:59:59.999Z' }, 'changed'],
    [{ expiresAt: '2099-01-31T09:00:00.001Z' }, 'changed'],
    [{ metadata: 1 }, 'changed'],
  ])('%j: %s', async (update, outcome) => {
    const id = await store();
    const before = await find(id);
    expect(await updateTimer(database.db, id, update)).toMatchObject({ outcome });
    if (outcome !== 'changed') expect(await find(id)).toStrictEqual(before);
  });

  test('compares the expiry of a timer that waits for a retry with now', async () => {
    const id = await store();
    await set(id, "created_at = now() - interval '2 h', execute_at = now() - interval '1 h'");
    await set(id, "next_attempt_at = now() + interval '1 h', expires_at = now() - interval '1 min'");
    expect(await updateTimer(database.db, id, { metadata: 1 })).toMatchObject({ outcome: 'changed' });
    const past = new Date(Date.now() - 60_000).toISOString();
    expect(await updateTimer(database.db, id, { expiresAt: past })).toMatchObject({
      outcome: 'expires-before-due',
    });
  });
});

describe('a timer with infinite instants', () => {
  test('is read', async () => {
    const id = await store();
    await set(id, "execute_at = 'infinity', expires_at = 'infinity', created_at = '-infinity'");
    expect(await find(id)).toMatchObject({
      execute_at: Infinity,
      due_at: Infinity,
      expires_at: Infinity,
      created_at: -Infinity,
    });
  });
});

describe('retryTimer', () => {
  test('makes all attempts available again, due now', async () => {
    const id = await store('failed');
    await set(id, "attempts = 2, lost_claims = 3, executed_at = now(), last_error = 'HTTP 500'");
    await retryTimer(database.db, id);
    const timer = await find(id);
    expect(timer).toMatchObject({
      status: 'pending',
      attempts: 2,
      executed_at: null,
      last_error: 'HTTP 500',
    });
    expect(Number(timer.due_at)).toBeLessThan(Date.parse(EXECUTE_AT));
    expect(timer.expires_at).toStrictEqual(new Date('2099-03-01T00:00:00.000Z'));
    const { rows } = await database.query('SELECT attempts_forgiven, lost_claims FROM timers WHERE id = $1', [
      id,
    ]);
    expect(rows[0]).toStrictEqual({ attempts_forgiven: 2, lost_claims: 0 });
  });

  test('clears an expiry that has passed', async () => {
    const id = await store('failed');
    await set(id, "expires_at = now() - interval '1 second'");
    await retryTimer(database.db, id);
    expect((await find(id)).expires_at).toBeNull();
  });
});

test('listAttempts returns the failed attempts and the successful one', async () => {
  const id = await store('completed');
  await set(
    id,
    "attempts = 2, next_attempt_at = '2026-01-01 00:01Z', attempted_at = '2026-01-01 00:01:00.5Z', executed_at = '2026-01-01 00:01:02Z'",
  );
  await database.query(
    `INSERT INTO timer_attempts VALUES ($1, 1, '2026-01-01 00:00Z', '2026-01-01 00:00:01Z', '2026-01-01 00:00:03Z', 503, 'HTTP 503')`,
    [id],
  );
  expect(await listAttempts(database.db, id)).toStrictEqual([
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
  expect(await listAttempts(database.db, MISSING)).toStrictEqual([]);
});
