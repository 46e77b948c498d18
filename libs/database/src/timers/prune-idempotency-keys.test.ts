import { expect, test } from '@jest/globals';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { connect } from '../connect.ts';
import { pruneIdempotencyKeys } from './prune-idempotency-keys.ts';

const database = withTestDatabase({
  open: (url, onIdleError) =>
    connect({ url, applicationName: 'prune-idempotency-keys.test', poolSize: 5, onIdleError }),
});

test('deletes keys by their age, in bounded steps, by several instances at once', async () => {
  await database.query(
    `INSERT INTO idempotency_keys (client, key, request_hash, timer_ids, created_at)
     SELECT 'test', n::text, '', '{}', now() - n * interval '1 second' FROM generate_series(1, 12000) AS n`,
  );
  const hour = 3_600_000;
  const prune = (olderThanMs: number) => pruneIdempotencyKeys(database.db, { olderThanMs, limit: 2_500 });
  expect(await prune(4 * hour)).toEqual({ deleted: 0, next: undefined });
  const steps = await Promise.all([prune(hour), prune(hour), prune(hour)]);
  for (const { deleted, next } of steps) {
    expect(deleted).toBeLessThanOrEqual(2_500);
    expect(next).toBe(deleted === 2_500 ? 'more' : undefined);
  }
  const count = async () => {
    const { rows } = await database.query<{ count: number; oldest: number }>(
      'SELECT count(*)::integer AS count, max(key::integer) AS oldest FROM idempotency_keys',
    );
    return rows[0] ?? { count: 0, oldest: 0 };
  };
  const total = steps.reduce((sum, { deleted }) => sum + deleted, 0);
  expect(total + (await count()).count).toBe(12_000);
  // A step skips keys that another instance has locked. Prune the rest.
  while ((await prune(hour)).next !== undefined);
  const { oldest } = await count();
  expect(oldest).toBeLessThanOrEqual(3_600);
  expect(oldest).toBeGreaterThan(3_000);
});
