import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@timer-platform/test-support';
import pg from 'pg';
import { connect, type Database } from '../connect.ts';
import { countFailedTimers, type FailedTimerFilter, retryTimers } from './retry-timers.ts';

let database: TestDatabase;
let db: Database;
let admin: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase();
  db = connect({ url: database.url, applicationName: 'test', poolSize: 10, onIdleError: () => undefined });
  admin = new pg.Client({ connectionString: database.url });
  await admin.connect();
});
afterAll(async () => {
  await admin.end();
  await db.close();
  await database.drop();
});

/** 20 failed timers, numbered by age in metadata, and one of each other state. */
beforeEach(async () => {
  await admin.query('TRUNCATE timers CASCADE');
  await admin.query(`
    INSERT INTO timers (created_at, execute_at, status, callback_type, callback_config, metadata, last_error,
                        executed_at, attempts, lost_claims, expires_at)
    SELECT timestamptz '2026-01-01Z' + n * interval '1 hour', '2026-02-01Z', 'failed', type,
           jsonb_build_object('type', type), to_jsonb(n), CASE WHEN n < 5 THEN 'HTTP 503' ELSE 'HTTP 404: 100%' END,
           timestamptz '2026-02-01Z' + n * interval '1 minute', 7, 1,
           CASE WHEN n < 10 THEN timestamptz '2026-03-01Z' ELSE timestamptz '2099-03-01Z' END
    FROM generate_series(0, 19) AS n
    CROSS JOIN LATERAL (SELECT CASE WHEN n % 2 = 0 THEN 'http' ELSE 'nats' END AS type) AS types`);
  await admin.query(`
    INSERT INTO timers (execute_at, status, callback_config, last_error)
    SELECT now() + interval '1 hour', status, '{"type": "http"}', 'HTTP 503'
    FROM unnest(ARRAY['pending', 'executing', 'completed', 'canceled']) AS status`);
});

async function numbersOfPending(): Promise<number[]> {
  const { rows } = await admin.query<{ metadata: number }>(
    `SELECT metadata FROM timers WHERE status = 'pending' AND metadata IS NOT NULL ORDER BY created_at`,
  );
  return rows.map(({ metadata }) => metadata);
}

const range = (from: number, to: number, step = 1): number[] =>
  Array.from({ length: Math.ceil((to - from) / step) }, (_, index) => from + index * step);

describe('retryTimers', () => {
  test.each<[string, FailedTimerFilter, number[]]>([
    ['all', {}, range(0, 20)],
    ['of one callback type', { callbackType: 'nats' }, range(1, 20, 2)],
    ['that failed from an instant on', { failedFrom: '2026-02-01T00:15:00Z' }, range(15, 20)],
    ['that failed before an instant', { failedBefore: '2026-02-01T00:15:00Z' }, range(0, 15)],
    ['whose error holds a text', { lastError: '503' }, range(0, 5)],
    ['whose error holds what would be a wildcard', { lastError: '0%' }, range(5, 20)],
    ['that match nothing', { lastError: '_' }, []],
    [
      'that match everything at once',
      { callbackType: 'http', failedFrom: '2026-02-01T00:03:00Z', lastError: '503' },
      [4],
    ],
  ])('%s', async (_, filter, numbers) => {
    expect(await countFailedTimers(db, filter, 100)).toBe(numbers.length);
    expect(await retryTimers(db, filter, 100)).toBe(numbers.length);
    expect(await numbersOfPending()).toStrictEqual(numbers);
    expect(await countFailedTimers(db, filter, 100)).toBe(0);
  });

  test('the oldest first, as many as the limit', async () => {
    expect(await countFailedTimers(db, {}, 3)).toBe(3);
    expect(await retryTimers(db, {}, 3)).toBe(3);
    expect(await numbersOfPending()).toStrictEqual([0, 1, 2]);
  });

  test('gives them all their attempts, due now; an expiry that has passed is gone', async () => {
    await retryTimers(db, {}, 100);
    const { rows } = await admin.query(
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

  test('ten at once retry each timer once', async () => {
    const retried = await Promise.all(range(0, 10).map(() => retryTimers(db, {}, 4)));
    // A timer that another request holds is passed over, so a round may come out short, but never twice.
    const sum = retried.reduce((total, count) => total + count, 0);
    expect(await numbersOfPending()).toHaveLength(sum);
    expect(sum).toBeGreaterThanOrEqual(4);
  });
});
