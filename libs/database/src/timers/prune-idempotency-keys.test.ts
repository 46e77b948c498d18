import { expect, test } from '@jest/globals';
import { createTestDatabase } from '@timer-platform/test-support';
import { connect } from '../connect.ts';
import { pruneIdempotencyKeys } from './prune-idempotency-keys.ts';

test('keys are deleted by their age, in bounded steps, by several instances at once', async () => {
  const database = await createTestDatabase();
  const db = connect({
    url: database.url,
    applicationName: 'test',
    poolSize: 5,
    onIdleError: () => undefined,
  });
  await db.rows({
    name: 'fill',
    text: `INSERT INTO idempotency_keys (client, key, request_hash, timer_ids, created_at)
           SELECT 'test', n::text, '', '{}', now() - n * interval '1 second' FROM generate_series(1, 12000) AS n`,
  });
  const hour = 3_600_000;
  const prune = (olderThanMs: number) => pruneIdempotencyKeys(db, { olderThanMs, limit: 2_500 });
  expect(await prune(4 * hour)).toEqual({ deleted: 0, next: undefined });
  const steps = await Promise.all([prune(hour), prune(hour), prune(hour)]);
  for (const { deleted, next } of steps) {
    expect(deleted).toBeLessThanOrEqual(2_500);
    expect(next).toBe(deleted === 2_500 ? 'more' : undefined);
  }
  const count = async () => {
    const [row] = await db.rows<{ count: number; oldest: number }>({
      name: 'count',
      text: 'SELECT count(*)::integer AS count, max(key::integer) AS oldest FROM idempotency_keys',
    });
    return row ?? { count: 0, oldest: 0 };
  };
  const total = steps.reduce((sum, { deleted }) => sum + deleted, 0);
  expect(total + (await count()).count).toBe(12_000);
  // Keys that another instance had locked are left to it; the steps after it reach the end.
  while ((await prune(hour)).next !== undefined);
  const { oldest } = await count();
  expect(oldest).toBeLessThanOrEqual(3_600);
  expect(oldest).toBeGreaterThan(3_000);
  await db.close();
  await database.drop();
});
