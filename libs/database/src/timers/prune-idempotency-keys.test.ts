import { expect, test } from '@jest/globals';
import { connect } from '../connect.ts';
import { createTestDatabase } from '@timer-platform/test-support';
import { pruneIdempotencyKeys } from './prune-idempotency-keys.ts';

test('keys are forgotten by their age, however many, by several at once', async () => {
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
  expect(await pruneIdempotencyKeys(db, 4 * hour)).toBe(0);
  const forgotten = await Promise.all([1, 2, 3].map(() => pruneIdempotencyKeys(db, hour)));
  const [left] = await db.rows<{ count: number; oldest: number }>({
    name: 'left',
    text: 'SELECT count(*)::integer AS count, max(key::integer) AS oldest FROM idempotency_keys',
  });
  const total = forgotten.reduce((sum, count) => sum + count, 0);
  expect(total + (left?.count ?? 0)).toBe(12_000);
  // Those that another run held are left to it; the next round finds nothing that is old.
  await pruneIdempotencyKeys(db, hour);
  const [after] = await db.rows<{ oldest: number }>({
    name: 'after',
    text: 'SELECT max(key::integer) AS oldest FROM idempotency_keys',
  });
  expect(after?.oldest).toBeLessThanOrEqual(3_600);
  expect(after?.oldest).toBeGreaterThan(3_000);
  await db.close();
  await database.drop();
});
