import { beforeEach, describe, expect, test } from '@jest/globals';
import { timerFactory } from '@timer-platform/test-support';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { connect } from '../connect.ts';
import { bulk, countRetryable } from '../testing/bulk.ts';
import type { TimerFilter } from '../timers/timer-conditions.ts';

const database = withTestDatabase({
  open: (url, onIdleError) =>
    connect({ url, applicationName: 'retry-timers.test', poolSize: 10, onIdleError }),
});
const timers = timerFactory(database.query);

const range = (from: number, to: number, step = 1): number[] =>
  Array.from({ length: Math.ceil((to - from) / step) }, (_, index) => from + index * step);

/** 20 failed timers, with their number by age in metadata, and one timer of each other state. */
beforeEach(async () => {
  await database.query('TRUNCATE timers CASCADE');
  await timers.createMany(
    range(0, 20).map((n) => ({
      created_at: new Date(Date.UTC(2026, 0, 1, n)),
      execute_at: '2026-02-01T00:00:00Z',
      executed_at: new Date(Date.UTC(2026, 1, 1, 0, n)),
      status: 'failed',
      callback_type: n % 2 === 0 ? 'http' : 'nats',
      metadata: n,
      last_error: n < 5 ? 'HTTP 503' : 'HTTP 404: 100%',
      attempts: 7,
      lost_claims: 1,
      expires_at: n < 10 ? '2026-03-01T00:00:00Z' : '2099-03-01T00:00:00Z',
    })),
  );
  await timers.createMany(
    ['pending', 'executing', 'completed', 'canceled'].map((status) => ({ status, last_error: 'HTTP 503' })),
  );
});

async function numbersOfPending(): Promise<number[]> {
  const { rows } = await database.query<{ metadata: number }>(
    `SELECT metadata FROM timers WHERE status = 'pending' AND metadata IS NOT NULL ORDER BY created_at`,
  );
  return rows.map(({ metadata }) => metadata);
}

describe('bulk retries', () => {
  test.each<[string, TimerFilter, number[]]>([
    ['all timers', {}, range(0, 20)],
    ['timers of one callback type', { callbackType: 'nats' }, range(1, 20, 2)],
    ['timers that failed at or after an instant', { failedFrom: '2026-02-01T00:15:00Z' }, range(15, 20)],
    ['timers that failed before an instant', { failedBefore: '2026-02-01T00:15:00Z' }, range(0, 15)],
    ['timers whose error contains a text', { lastError: '503' }, range(0, 5)],
    ['timers whose error contains a wildcard character', { lastError: '0%' }, range(5, 20)],
    ['no timers if none match', { lastError: '_' }, []],
    [
      'timers that match several conditions',
      { callbackType: 'http', failedFrom: '2026-02-01T00:03:00Z', lastError: '503' },
      [4],
    ],
  ])('select %s', async (_, filter, numbers) => {
    expect(await countRetryable(database.db, filter, 100)).toBe(numbers.length);
    expect(await bulk(database.db, 'retry_timers', filter, { limit: 100 })).toMatchObject({
      changed: numbers.length,
    });
    expect(await numbersOfPending()).toStrictEqual(numbers);
    expect(await countRetryable(database.db, filter, 100)).toBe(0);
  });

  test('select the oldest timers, up to the limit', async () => {
    expect(await countRetryable(database.db, {}, 3)).toBe(3);
    expect(await bulk(database.db, 'retry_timers', {}, { limit: 3 })).toMatchObject({ changed: 3 });
    expect(await numbersOfPending()).toStrictEqual([0, 1, 2]);
  });

  test('make all attempts available again, due now, and clear an expiry that has passed', async () => {
    await bulk(database.db, 'retry_timers');
    const { rows } = await database.query(
      `SELECT DISTINCT attempts, attempts_forgiven, lost_claims, executed_at, next_attempt_at <= now() AS due,
              expires_at > now() AS alive
       FROM timers WHERE status = 'pending' AND metadata IS NOT NULL ORDER BY alive`,
    );
    const retried = { attempts: 7, attempts_forgiven: 7, lost_claims: 0, executed_at: null, due: true };
    expect(rows).toStrictEqual([
      { ...retried, alive: true },
      { ...retried, alive: null },
    ]);
  });

  test('retry each timer once if ten calls run at once', async () => {
    const retried = await Promise.all(
      range(0, 10).map(() => bulk(database.db, 'retry_timers', {}, { limit: 4 })),
    );
    // A call skips timers that another one has locked, so it may retry fewer than the limit.
    const sum = retried.reduce((total, { changed }) => total + changed, 0);
    expect(await numbersOfPending()).toHaveLength(sum);
    expect(sum).toBeGreaterThanOrEqual(4);
  });
});
