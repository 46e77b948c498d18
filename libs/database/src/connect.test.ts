import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { checkSchema, SchemaError } from './check-schema.ts';
import { connect, type ConnectOptions, type Database } from './connect.ts';
import { listed } from './testing/bulk.ts';
import { findTimer } from './timers/find-timer.ts';
import { insertTimers } from './timers/insert-timers.ts';

const opened: Database[] = [];
afterAll(() => Promise.all(opened.map((db) => db.close())));
const database = withTestDatabase();

function open(options: Partial<ConnectOptions> = {}): Database {
  const db = connect({
    url: database.url,
    applicationName: 'connect.test',
    poolSize: 1,
    onIdleError: () => undefined,
    ...options,
  });
  opened.push(db);
  return db;
}

async function backend(db: Database): Promise<number | undefined> {
  const [row] = await db.rows<{ pid: number }>({ name: 'pid', text: 'SELECT pg_backend_pid() AS pid' });
  return row?.pid;
}

describe('settings of a session', () => {
  const hostile = `"hostile-${randomBytes(4).toString('hex')}"`;
  const roleUrl = (): string => {
    const url = new URL(database.url);
    url.username = encodeURIComponent(hostile.slice(1, -1));
    url.password = 'secret';
    return url.href;
  };

  beforeAll(async () => {
    await database.query(`CREATE ROLE ${hostile} LOGIN SUPERUSER PASSWORD 'secret'`);
    for (const setting of [
      "datestyle = 'German, DMY'",
      "intervalstyle = 'iso_8601'",
      "timezone = 'Asia/Tokyo'",
      "client_encoding = 'LATIN1'",
      "default_transaction_isolation = 'serializable'",
      'extra_float_digits = 0',
      'search_path = public, pg_temp',
    ])
      await database.query(`ALTER ROLE ${hostile} SET ${setting}`);
    await database.query(`ALTER DATABASE ${database.name} SET datestyle = 'SQL'`);
  });
  afterAll(() => database.query(`DROP ROLE ${hostile}`));

  test('do not come from the role or the database', async () => {
    const db = open({ url: roleUrl() });
    await checkSchema(db);
    const callback = { type: 'http', url: 'https://example.com/', payload: '€' } as const;
    const inserted = await insertTimers(db, [{ executeAt: '2099-02-01T12:00:00.123Z', callback }]);
    if (inserted.outcome !== 'inserted') throw new Error(inserted.outcome);
    const timer = await findTimer(db, inserted.timers[0]?.id ?? '');
    expect(timer).toMatchObject({
      execute_at: new Date('2099-02-01T12:00:00.123Z'),
      callback_config: callback,
    });
    const page = { filter: {}, sort: 'created_at', order: 'asc', limit: 1, offset: 0 } as const;
    expect((await listed(db, page)).timers[0]?.execute_at).toEqual(new Date('2099-02-01T12:00:00.123Z'));
    const [row] = await db.rows({ name: 'isolation', text: 'SHOW transaction_isolation' });
    expect(row).toEqual({ transaction_isolation: 'read committed' });
  });

  test('keep the search path of the role and of the URL', async () => {
    const show = { name: 'path', text: 'SHOW search_path' };
    expect(await open({ url: roleUrl() }).rows(show)).toEqual([{ search_path: 'public, pg_temp' }]);
    const url = new URL(database.url);
    url.searchParams.set('options', '-c search_path=public,pg_catalog -c TimeZone=Asia/Tokyo');
    const db = open({ url: url.href, byIndexOnly: true });
    expect(await db.rows(show)).toEqual([{ search_path: 'public,pg_catalog' }]);
    expect(await db.rows({ name: 'zone', text: 'SHOW timezone' })).toEqual([{ TimeZone: 'UTC' }]);
    expect(await db.rows({ name: 'scan', text: 'SHOW enable_seqscan' })).toEqual([{ enable_seqscan: 'off' }]);
  });

  test('are checked behind a transaction pooler, where a session cannot set them', async () => {
    const check = checkSchema(open({ url: roleUrl(), transactionPooler: true }));
    await expect(check).rejects.toThrow(SchemaError);
    await expect(check).rejects.toThrow(
      /DateStyle is German, DMY, not ISO; IntervalStyle is iso_8601, not postgres; TimeZone is Asia\/Tokyo, not UTC; .*default_transaction_isolation is serializable, not read committed.*ALTER ROLE/,
    );
  });
});

test('counts the rows that a statement changes or finds', async () => {
  const db = open();
  await db.count({ name: 'create', text: 'CREATE TEMPORARY TABLE numbers (n integer)' });
  const insert = { name: 'insert', text: 'INSERT INTO numbers SELECT generate_series(1, $1::integer)' };
  const double = { name: 'double', text: 'UPDATE numbers SET n = n * 2 WHERE n > $1' };
  expect(await db.count(insert, [5])).toBe(5);
  expect(await db.count(double, [3])).toBe(2);
  expect(await db.count(double, [100])).toBe(0);
  expect(await db.count({ name: 'find', text: 'SELECT FROM numbers' })).toBe(5);
});

describe('a connection', () => {
  test('is kept after an error of a statement', async () => {
    const db = open();
    const before = await backend(db);
    for (let failed = 0; failed < 3; failed += 1)
      await expect(db.rows({ name: `fails-${failed}`, text: 'SELECT 1 / 0' })).rejects.toThrow(
        'division by zero',
      );
    await expect(db.kysely.selectFrom('timers').select('id').where('id', '=', 'x').execute()).rejects.toThrow(
      'invalid input syntax',
    );
    expect(await backend(db)).toBe(before);
  });

  test('is kept after the server has canceled a statement', async () => {
    const db = open();
    const before = await backend(db);
    await db.rows({ name: 'limit', text: `SELECT set_config('statement_timeout', '1ms', false)` });
    await expect(db.rows({ name: 'slow', text: 'SELECT pg_sleep(60)' })).rejects.toThrow('statement timeout');
    await db.rows({ name: 'no limit', text: 'RESET statement_timeout' });
    expect(await backend(db)).toBe(before);
  });

  test('is replaced after the server has ended it', async () => {
    const db = open();
    const before = await backend(db);
    await expect(
      db.rows({ name: 'end', text: 'SELECT pg_terminate_backend(pg_backend_pid())' }),
    ).rejects.toThrow();
    expect(await backend(db)).not.toBe(before);
  });
});

test('close breaks connections whose statements outlast the grace', async () => {
  const db = open();
  await backend(db);
  const sleeping = db.rows({ name: 'sleep', text: 'SELECT pg_sleep(60)' });
  sleeping.catch(() => undefined);
  const asleep = "pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()";
  while ((await database.query(`SELECT FROM ${asleep}`)).rowCount === 0);
  opened.splice(opened.indexOf(db), 1);
  await db.close(1);
  await expect(sleeping).rejects.toThrow('Connection terminated');
  // The server notices only when it writes.
  await database.query(`SELECT pg_terminate_backend(pid) FROM ${asleep}`);
});
