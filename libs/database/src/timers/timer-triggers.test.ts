import { beforeEach, describe, expect, test } from '@jest/globals';
import { timerFactory } from '@timer-platform/test-support';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { connect } from '../connect.ts';

const database = withTestDatabase({
  open: (url, onIdleError) =>
    connect({ url, applicationName: 'timer-triggers.test', poolSize: 5, onIdleError }),
});
const timers = timerFactory(database.query);
beforeEach(async () => {
  await database.query('TRUNCATE timers CASCADE');
});

const LONG_AGO = '2001-01-01T00:00:00Z';

async function storeOld(): Promise<void> {
  await timers.createMany([{ created_at: LONG_AGO, updated_at: LONG_AGO }]);
}

interface Derived {
  updated: boolean;
  bytes: boolean;
}

/** Whether both columns are as an update of now leaves them. */
async function derived(): Promise<Derived | undefined> {
  const { rows } = await database.query<Derived>(
    `SELECT updated_at > now() - interval '1 minute' AS updated,
            callback_bytes = octet_length(callback_config::text) AS bytes FROM timers`,
  );
  return rows[0];
}

describe('an update by SQL', () => {
  beforeEach(storeOld);

  test('moves updated_at', async () => {
    expect(await derived()).toEqual({ updated: false, bytes: true });
    await database.query(`UPDATE timers SET metadata = '{}'`);
    expect(await derived()).toEqual({ updated: true, bytes: true });
  });

  test('keeps an updated_at that it sets itself', async () => {
    await database.query(`UPDATE timers SET updated_at = '2002-02-02', metadata = '{}'`);
    expect(await derived()).toEqual({ updated: false, bytes: true });
  });

  test('may update a row again in the same transaction', async () => {
    await database.query(
      `BEGIN; UPDATE timers SET metadata = '{}'; UPDATE timers SET metadata = '1'; COMMIT`,
    );
    expect(await derived()).toEqual({ updated: true, bytes: true });
  });

  test('of the callback measures it', async () => {
    await database.query(
      `UPDATE timers SET callback_config = callback_config || jsonb_build_object('payload', repeat('x', 1000))`,
    );
    expect(await derived()).toEqual({ updated: true, bytes: true });
  });

  test('cannot store a callback that is too large', async () => {
    const update = database.query(
      `UPDATE timers SET callback_config = callback_config || jsonb_build_object('payload', repeat('x', 3145728))`,
    );
    await expect(update).rejects.toMatchObject({ code: '23514', constraint: 'callback_size' });
    expect(await derived()).toEqual({ updated: false, bytes: true });
  });

  test('needs no privilege on the columns that follow from it', async () => {
    await database.query('DROP ROLE IF EXISTS timer_triggers_test');
    await database.query('CREATE ROLE timer_triggers_test');
    await database.query(
      `GRANT UPDATE (metadata, callback_config), SELECT (callback_config) ON timers TO timer_triggers_test`,
    );
    await database.query(
      `BEGIN; SET LOCAL ROLE timer_triggers_test;
       UPDATE timers SET callback_config = callback_config || '{"payload": 1}', metadata = '{}'; COMMIT`,
    );
    expect(await derived()).toEqual({ updated: true, bytes: true });
    await database.query('DROP OWNED BY timer_triggers_test');
    await database.query('DROP ROLE timer_triggers_test');
  });
});

/** tgtype: 1 for each row, 2 before, 16 update. */
async function beforeUpdateTriggers(): Promise<unknown[]> {
  const { rows } = await database.query(
    `SELECT tgname FROM pg_trigger WHERE tgrelid = 'timers'::regclass AND tgtype & 19 = 19`,
  );
  return rows;
}

test('no trigger runs before updates of a row: each delivery would write a lock of it to the WAL', async () => {
  expect(await beforeUpdateTriggers()).toEqual([]);
  await database.query(
    `CREATE TRIGGER control BEFORE UPDATE ON timers FOR EACH ROW WHEN (false) EXECUTE FUNCTION set_callback_bytes()`,
  );
  expect(await beforeUpdateTriggers()).toEqual([{ tgname: 'control' }]);
  await database.query('DROP TRIGGER control ON timers');
});
