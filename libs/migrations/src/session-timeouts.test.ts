import { afterEach, expect, test } from '@jest/globals';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { openMigrationSession } from './migration-session.ts';

const database = withTestDatabase({ empty: true });
const role = 'timer_role_with_timeouts';
afterEach(() => database.query(`DROP ROLE IF EXISTS ${role}`));

test('a session has no timeout, whatever the role has', async () => {
  await database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'timeouts' SUPERUSER`);
  const { rows } = await database.query<{ name: string }>(
    `SELECT name FROM pg_settings WHERE name IN ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'idle_session_timeout', 'transaction_timeout') ORDER BY name`,
  );
  for (const { name } of rows) await database.query(`ALTER ROLE ${role} SET ${name} = '30s'`);
  const url = new URL(database.url);
  url.username = role;
  url.password = 'timeouts';
  const session = await openMigrationSession(url.href);
  try {
    for (const { name } of rows) {
      const shown = await session.client.query<{ value: string }>('SELECT current_setting($1) AS value', [
        name,
      ]);
      expect([name, shown.rows[0]?.value]).toEqual([name, '0']);
    }
  } finally {
    await session.close();
  }
});

test('a session lets the server write its pages early', async () => {
  const session = await openMigrationSession(database.url);
  try {
    const { rows } = await session.client.query('SHOW backend_flush_after');
    expect(rows).toEqual([{ backend_flush_after: '256kB' }]);
  } finally {
    await session.close();
  }
});
