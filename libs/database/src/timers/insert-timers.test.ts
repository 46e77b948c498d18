import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { connect } from '../connect.ts';
import { findTimer, findTimers } from './find-timer.ts';
import type { IdempotencyKey } from './idempotency-key.ts';
import { insertTimers, type NewTimer } from './insert-timers.ts';

const database = withTestDatabase({
  open: (url, onIdleError) =>
    connect({ url, applicationName: 'insert-timers.test', poolSize: 20, onIdleError }),
});

const timer: NewTimer = {
  executeAt: '2099-01-31T09:00:00.123Z',
  callback: { type: 'http', url: 'https://example.com/hook', payload: { n: 1 } },
};

function keyed(key: string, request = 'a'): IdempotencyKey {
  return { client: 'test', key, requestHash: createHash('sha256').update(request).digest() };
}

async function countTimers(): Promise<number> {
  const { rows } = await database.query<{ count: string }>('SELECT count(*) FROM timers');
  return Number(rows[0]?.count);
}

describe('insertTimers', () => {
  test('stores all fields and returns the timers in the given order', async () => {
    const result = await insertTimers(database.db, [
      { ...timer, metadata: { order: 7 }, retry: { max_attempts: 3 }, expiresAt: '2099-02-01T00:00:00.000Z' },
      { ...timer, callback: { type: 'nats', topic: 'orders', key: '42' }, metadata: null, retry: null },
    ]);
    if (result.outcome !== 'inserted') throw new Error(result.outcome);
    expect(result.timers.map(({ callbackType }) => callbackType)).toStrictEqual(['http', 'nats']);
    const [first, second] = result.timers;
    expect(await findTimer(database.db, first?.id ?? '')).toMatchObject({
      execute_at: new Date('2099-01-31T09:00:00.123Z'),
      due_at: new Date('2099-01-31T09:00:00.123Z'),
      callback_type: 'http',
      callback_config: timer.callback,
      metadata: { order: 7 },
      retry: { max_attempts: 3 },
      expires_at: new Date('2099-02-01T00:00:00.000Z'),
      status: 'pending',
      attempts: 0,
    });
    expect(await findTimer(database.db, second?.id ?? '')).toMatchObject({
      callback_config: { type: 'nats', topic: 'orders', key: '42' },
      metadata: null,
      retry: null,
      expires_at: null,
    });
  });

  test('keeps the order of a thousand timers', async () => {
    const many = Array.from({ length: 1_000 }, (_, index): NewTimer => ({ ...timer, metadata: index }));
    const result = await insertTimers(database.db, many);
    if (result.outcome !== 'inserted') throw new Error(result.outcome);
    const ids = result.timers.map(({ id }) => id);
    expect(new Set(ids).size).toBe(1_000);
    const rows = await database.db.rows<{ id: string; metadata: number }>(
      { name: 'metadata', text: 'SELECT id, metadata FROM timers WHERE id = ANY ($1)' },
      [ids],
    );
    const metadata = new Map(rows.map((row) => [row.id, row.metadata]));
    expect(ids.map((id) => metadata.get(id))).toStrictEqual(many.map((_, index) => index));
    expect((await findTimers(database.db, [...ids].reverse())).map(({ id }) => id)).toStrictEqual(
      [...ids].reverse(),
    );
  });

  test.each([1, 1_500.5, 36_525 * 86_400_000])('rounds a delay of %d ms up to a millisecond', async (ms) => {
    const result = await insertTimers(database.db, [{ delayMs: ms, callback: timer.callback }]);
    if (result.outcome !== 'inserted') throw new Error(result.outcome);
    const { rows } = await database.query(
      `SELECT extract(microseconds FROM execute_at)::bigint % 1000 AS micros,
                execute_at < created_at + $2 * interval '1 millisecond' AS early,
                execute_at >= created_at + ($2 + 1) * interval '1 millisecond' AS late
         FROM timers WHERE id = $1`,
      [result.timers[0]?.id, ms],
    );
    expect(rows[0]).toStrictEqual({ micros: '0', early: false, late: false });
  });

  test('stores nothing if an instant is in the past, and returns its index', async () => {
    const before = await countTimers();
    const past = { ...timer, executeAt: '2020-01-01T00:00:00.000Z' };
    expect(await insertTimers(database.db, [timer, past, timer, past])).toStrictEqual({
      outcome: 'in-the-past',
      items: [1, 3],
    });
    expect(await countTimers()).toBe(before);
  });

  test.each<[string, Partial<NewTimer>]>([
    ['in the past', { expiresAt: '2020-01-01T00:00:00.000Z' }],
    ['when the timer is due', { expiresAt: '2099-01-31T09:00:00.123Z' }],
    [
      'before the delay has passed',
      { executeAt: undefined, delayMs: 3_600_000, expiresAt: new Date(Date.now() + 60_000).toISOString() },
    ],
  ])('stores nothing if a timer expires %s, and returns its index', async (_, fields) => {
    const before = await countTimers();
    const expiring = { ...timer, ...fields };
    const later = { ...timer, expiresAt: '2099-02-01T00:00:00.000Z' };
    const result = { outcome: 'expires-before-due', items: [1, 3] };
    const timers = [timer, expiring, later, expiring];
    expect(await insertTimers(database.db, timers)).toStrictEqual(result);
    expect(await insertTimers(database.db, timers, keyed('expiring'))).toStrictEqual(result);
    expect(await countTimers()).toBe(before);
  });

  test('a repeated request is the same after its timers have expired', async () => {
    const expiring = { ...timer, expiresAt: '2099-02-01T00:00:00.000Z' };
    const first = await insertTimers(database.db, [expiring], keyed('expired later'));
    if (first.outcome !== 'inserted') throw new Error(first.outcome);
    const expired = { ...expiring, expiresAt: '2020-01-01T00:00:00.000Z' };
    expect(await insertTimers(database.db, [expired], keyed('expired later'))).toStrictEqual({
      outcome: 'repeated',
      timerIds: first.timers.map(({ id }) => id),
      sameRequest: true,
    });
  });

  test('does not use the idempotency key if an instant is in the past', async () => {
    const past = { ...timer, executeAt: '2020-01-01T00:00:00.000Z' };
    expect(await insertTimers(database.db, [past], keyed('past'))).toMatchObject({ outcome: 'in-the-past' });
    expect(await insertTimers(database.db, [timer], keyed('past'))).toMatchObject({ outcome: 'inserted' });
  });

  test('stores timers once per idempotency key and client', async () => {
    const first = await insertTimers(database.db, [timer], keyed('again'));
    if (first.outcome !== 'inserted') throw new Error(first.outcome);
    const before = await countTimers();
    const timerIds = first.timers.map(({ id }) => id);
    const repeated = { outcome: 'repeated', timerIds, sameRequest: true };
    expect(await insertTimers(database.db, [timer], keyed('again'))).toStrictEqual(repeated);
    // A request may be repeated after its instant has passed.
    const past = { ...timer, executeAt: '2020-01-01T00:00:00.000Z' };
    expect(await insertTimers(database.db, [past], keyed('again'))).toStrictEqual(repeated);
    expect(await insertTimers(database.db, [timer], keyed('again', 'b'))).toStrictEqual({
      ...repeated,
      sameRequest: false,
    });
    expect(await countTimers()).toBe(before);
    expect(await insertTimers(database.db, [timer], { ...keyed('again'), client: 'other' })).toMatchObject({
      outcome: 'inserted',
    });
  });

  test('stores timers once if twenty concurrent requests have the same key', async () => {
    const before = await countTimers();
    const results = await Promise.all(
      Array.from({ length: 20 }, () => insertTimers(database.db, [timer, timer], keyed('race'))),
    );
    const [inserted, ...more] = results.flatMap((result) => (result.outcome === 'inserted' ? [result] : []));
    expect(more).toStrictEqual([]);
    const timerIds = inserted?.timers.map(({ id }) => id);
    const repeated = results.filter(({ outcome }) => outcome === 'repeated');
    expect(repeated).toStrictEqual(
      Array.from({ length: 19 }, () => ({ outcome: 'repeated', timerIds, sameRequest: true })),
    );
    expect(await countTimers()).toBe(before + 2);
  });
});
