import { expect, test } from '@jest/globals';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { migrateToLatest } from './migrate.ts';

const database = withTestDatabase({ empty: true, perTest: true });
const rowsOf = async (sql: string): Promise<unknown[]> => (await database.query(sql)).rows;
const migrate = (to?: bigint) => migrateToLatest({ databaseUrl: database.url, to, blockingRowLimit: 2 });
const newest = () => rowsOf('SELECT max(version)::int AS version FROM _sqlx_migrations');

test('a blocking file is refused before the files before it are applied', async () => {
  await migrate(1n);
  await database.query(
    `INSERT INTO timers (execute_at, callback_url) SELECT now() + interval '1 day', 'http://a' FROM generate_series(1, 3)`,
  );
  await expect(migrate()).rejects.toMatchObject({
    code: 'would-block',
    message: expect.stringMatching(/^002_add_callback_types\.sql blocks .* nothing was changed/),
  });
  expect(await newest()).toEqual([{ version: 1 }]);
});

test('011 is applied to a table of any size: it reads no more than an index before it blocks others', async () => {
  await migrate(10n);
  await database.query(
    `INSERT INTO timers (execute_at, callback_config) SELECT now() + interval '1 day', '{"type": "http"}' FROM generate_series(1, 5000)`,
  );
  await database.query('ANALYZE timers');
  const plan = JSON.stringify(
    await rowsOf(
      "EXPLAIN UPDATE timers SET status = 'pending', claims = claims + 1 WHERE status = 'executing' AND claimed_by IS NOT NULL",
    ),
  );
  expect(plan).toContain('idx_timers_claimed_by');
  expect((await migrate(11n)).applied).toHaveLength(1);
});
