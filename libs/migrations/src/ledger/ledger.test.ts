import { expect, test } from '@jest/globals';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import pg from 'pg';
import { createLedger, readLedger } from './ledger.ts';

const database = withTestDatabase({ empty: true });
const TABLE = `CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL,
  installed_on TIMESTAMPTZ NOT NULL DEFAULT now(), success BOOLEAN NOT NULL, checksum BYTEA NOT NULL, execution_time BIGINT NOT NULL)`;
const IS_WAITING =
  "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";

test('createLedger accepts a ledger that sqlx creates at the same time', async () => {
  const sqlx = new pg.Client({ connectionString: database.url });
  const ours = new pg.Client({ connectionString: database.url });
  await Promise.all([sqlx.connect(), ours.connect()]);
  try {
    await sqlx.query(`BEGIN; ${TABLE}`);
    const created = createLedger(ours, '_sqlx_migrations');
    while ((await database.query(IS_WAITING)).rowCount === 0);
    await sqlx.query('COMMIT');
    await expect(created).resolves.toBeUndefined();
    expect(await readLedger(ours)).toMatchObject({ table: '_sqlx_migrations', rows: [] });
  } finally {
    await Promise.all([sqlx.end(), ours.end()]);
  }
});
