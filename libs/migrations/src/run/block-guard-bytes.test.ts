import { expect, test } from '@jest/globals';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { migrateToLatest } from './migrate.ts';

const database = withTestDatabase({ empty: true });

test('few timers with large payloads are too large to be blocked', async () => {
  await migrateToLatest({ databaseUrl: database.url, to: 1n });
  await database.query('ALTER TABLE timers ALTER COLUMN callback_payload SET STORAGE EXTERNAL');
  await database.query(
    `INSERT INTO timers (execute_at, callback_url, callback_payload)
     SELECT now() + interval '1 day', 'http://a', to_jsonb(repeat('x', 3000000)) FROM generate_series(1, 50)`,
  );
  await expect(migrateToLatest({ databaseUrl: database.url })).rejects.toMatchObject({
    code: 'would-block',
    message: expect.stringMatching(/the table has 1[45]\d MB, more than 128 MB/),
  });
});
