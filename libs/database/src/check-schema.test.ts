import { describe, expect, test } from '@jest/globals';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { checkSchema, SchemaError } from './check-schema.ts';
import { connect, type Database } from './connect.ts';

const open = (url: string, onIdleError: (error: Error) => void): Database =>
  connect({ url, applicationName: 'check-schema.test', poolSize: 2, onIdleError });

describe('checkSchema', () => {
  const database = withTestDatabase({ open, perTest: true });

  test('accepts the newest schema, and columns that a later version adds', async () => {
    await expect(checkSchema(database.db)).resolves.toBeUndefined();
    await database.query('ALTER TABLE timers ADD COLUMN bucket integer; CREATE TABLE buckets (id integer)');
    await expect(checkSchema(database.db)).resolves.toBeUndefined();
  });

  test.each([
    ['ALTER TABLE timers DROP COLUMN revision CASCADE', 'timers.revision'],
    ['ALTER TABLE timers RENAME lost_claims TO losses', 'timers.lost_claims'],
    ['ALTER TABLE idempotency_keys DROP COLUMN request_hash', 'idempotency_keys.request_hash'],
    ['DROP TABLE timer_attempts', 'timer_attempts.timer_id, timer_attempts.number'],
    ['DROP FUNCTION lock_unclaimed_timer', 'lock_unclaimed_timer(uuid)'],
    ['ALTER TABLE dispatchers SET SCHEMA pg_catalog; DROP TABLE dispatchers CASCADE', 'dispatchers.id'],
  ])('refuses the schema after %s', async (change, missing) => {
    await database.query(`SET allow_system_table_mods = on; ${change}`);
    const check = checkSchema(database.db);
    await expect(check).rejects.toThrow(SchemaError);
    await expect(check).rejects.toThrow(missing);
    await expect(check).rejects.toThrow('migrator:migrate');
  });

  test('refuses a database that a later version made unusable for this one', async () => {
    const mark = (protocol: number): Promise<unknown> =>
      database.query(`CREATE OR REPLACE FUNCTION timer_protocol() RETURNS integer
        LANGUAGE sql IMMUTABLE AS 'SELECT ${protocol}'`);
    await mark(1);
    await checkSchema(database.db);
    await mark(2);
    await expect(checkSchema(database.db)).rejects.toThrow('run a newer version of the service');
  });
});

test('checkSchema refuses an empty database', async () => {
  const missing = checkSchema(empty.db);
  await expect(missing).rejects.toThrow(SchemaError);
  await expect(missing).rejects.toThrow(/and \d+ more$/);
});
const empty = withTestDatabase({ open, empty: true });
