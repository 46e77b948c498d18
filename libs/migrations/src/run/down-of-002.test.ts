import { expect, test } from '@jest/globals';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { migrateToLatest } from './migrate.ts';
import { migrateDown } from './migrate-down.ts';

const database = withTestDatabase({ empty: true });

test('down refuses encrypted headers, which the first service cannot read, and names the way out', async () => {
  await migrateToLatest({ databaseUrl: database.url, to: 2n });
  await database.query(
    `INSERT INTO timers (execute_at, callback_config) VALUES (now() + interval '1 day',
       '{"type": "http", "url": "http://a", "headers": {"$encrypted": {"key": "a", "iv": "", "data": ""}}}')`,
  );
  await expect(migrateDown({ databaseUrl: database.url, to: 1n, acceptLoss: true })).rejects.toMatchObject({
    code: 'failed',
    message: expect.stringMatching(/1 timers have encrypted headers[^]*encrypt-headers -- --decrypt/),
  });
});
