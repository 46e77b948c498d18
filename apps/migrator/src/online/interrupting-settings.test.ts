import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { readOnlineState } from '@timer-platform/migrations';
import { type FirstServiceDatabase, openFirstServiceDatabase } from '../testing/first-service-database.ts';
import { waitUntil } from '../testing/wait-until.ts';
import { startOnline } from './run-online.ts';

let database: FirstServiceDatabase;
beforeEach(async () => {
  database = await openFirstServiceDatabase(10);
});
afterEach(() => database.close());

test('a role with statement_timeout finishes the index, whose build waits for a transaction longer than that', async () => {
  const role = await database.createRole('SUPERUSER');
  await database.client.query(`ALTER ROLE ${role.name} SET statement_timeout = '500ms'`);
  await database.client.query(`ALTER ROLE ${role.name} SET lock_timeout = '100ms'`);
  // Its snapshot is older than the index, which must wait for it. It locks nothing that the phases before need.
  const holder = await database.connect();
  await holder.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
  await holder.query('SELECT 1');
  let ended = false;
  const outcome = startOnline({ databaseUrl: role.url, report: () => undefined }).then(
    () => (ended = true),
    (error: unknown) => {
      ended = true;
      return error;
    },
  );
  const waited = `SELECT FROM pg_stat_activity WHERE application_name = 'timer-migrator' AND datname = current_database()
    AND query LIKE 'CREATE INDEX%' AND clock_timestamp() - query_start > interval '700 ms'`;
  await Promise.race([waitUntil(database.client, waited), outcome]);
  expect(ended).toBe(false);
  await holder.query('COMMIT');
  expect(await outcome).toBe(true);
  expect(await readOnlineState(database.client, 2n)).toMatchObject({ phase: 'verified' });
});
