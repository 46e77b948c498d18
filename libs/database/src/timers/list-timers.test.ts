import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@timer-platform/test-support';
import { connect, type Database } from '../connect.ts';
import { countTimers, type ListPage, listTimers } from './list-timers.ts';

let database: TestDatabase;
let db: Database;

/** Ties on both sort keys, instants before 1970 and as far ahead as PostgreSQL prints with four digits. */
const FILL = `
  INSERT INTO timers (created_at, execute_at, status, callback_type, callback_config)
  SELECT instant, instant + interval '1 microsecond', (ARRAY['pending','failed','completed'])[1 + n % 3],
         type, jsonb_build_object('type', type)
  FROM generate_series(0, 59) AS n
  CROSS JOIN LATERAL (SELECT CASE WHEN n < 30 THEN 'http' ELSE 'nats' END AS type) AS types
  CROSS JOIN LATERAL (SELECT CASE n % 5
    WHEN 0 THEN timestamptz '9999-12-31 23:59:59.123456Z' - (n / 10) * interval '1 microsecond'
    WHEN 1 THEN timestamptz '5000-01-01 00:00:00.000001Z'
    WHEN 2 THEN timestamptz '1969-12-31 23:59:59.999999Z'
    WHEN 3 THEN timestamptz '2026-03-29 02:30:00.5Z'
    ELSE timestamptz '2026-11-22 21:00:00Z' + n * interval '1 microsecond' END AS instant) AS instants`;

beforeAll(async () => {
  database = await createTestDatabase();
  db = connect({ url: database.url, applicationName: 'test', poolSize: 5, onIdleError: () => undefined });
  await db.rows({ name: 'fill', text: FILL });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

const everything: ListPage = { filter: {}, sort: 'created_at', order: 'desc', limit: 200, offset: 0 };

async function idsPageByPage(page: ListPage): Promise<string[]> {
  const ids: string[] = [];
  for (let after: ListPage['after'], pages = 0; ; pages += 1) {
    const { timers, next } = await listTimers(db, { ...page, after });
    ids.push(...timers.map(({ id }) => id));
    if (next === undefined) return ids;
    if (pages > 100) throw new Error('the pages do not end');
    after = next;
  }
}

describe('listTimers', () => {
  const orders = (['created_at', 'execute_at'] as const).flatMap((sort) =>
    (['asc', 'desc'] as const).flatMap((order) => [1, 7, 60].map((limit) => ({ sort, order, limit }))),
  );

  test.each(orders)('every timer is on one page: $sort $order by $limit', async ({ sort, order, limit }) => {
    const { timers } = await listTimers(db, { ...everything, sort, order });
    expect(timers).toHaveLength(60);
    const ids = await idsPageByPage({ ...everything, sort, order, limit });
    expect(ids).toStrictEqual(timers.map(({ id }) => id));
  });

  test('is sorted by the instant, then by id', async () => {
    const { timers } = await listTimers(db, { ...everything, order: 'asc' });
    const [sorted] = await db.rows<{ ids: string[] }>({
      name: 'sorted',
      text: 'SELECT array_agg(id ORDER BY created_at, id) AS ids FROM timers',
    });
    expect(timers.map(({ id }) => id)).toStrictEqual(sorted?.ids);
  });

  test('keeps to the filter on every page', async () => {
    const filter = { status: 'failed', callbackType: 'nats' } as const;
    const { timers } = await listTimers(db, { ...everything, filter });
    expect(timers).toHaveLength(10);
    expect(timers.every(({ status, callback_type }) => status === 'failed' && callback_type === 'nats')).toBe(
      true,
    );
    expect(await idsPageByPage({ ...everything, filter, limit: 3 })).toStrictEqual(
      timers.map(({ id }) => id),
    );
  });

  test('an offset skips rows, beyond the end there are none', async () => {
    const { timers } = await listTimers(db, everything);
    const { timers: rest } = await listTimers(db, { ...everything, offset: 50 });
    expect(rest.map(({ id }) => id)).toStrictEqual(timers.slice(50).map(({ id }) => id));
    expect(await listTimers(db, { ...everything, offset: 1_000 })).toStrictEqual({
      timers: [],
      next: undefined,
    });
  });
});

describe('countTimers', () => {
  test('is exact for few', async () => {
    expect(await countTimers(db, {})).toStrictEqual({ total: 60, estimated: false });
    expect(await countTimers(db, { status: 'failed' })).toStrictEqual({ total: 20, estimated: false });
    expect(await countTimers(db, { status: 'canceled' })).toStrictEqual({ total: 0, estimated: false });
  });

  test('is an estimate beyond 10,000', async () => {
    await db.rows({
      name: 'fill-more',
      text: `INSERT INTO timers (execute_at, callback_config, status)
             SELECT now() + interval '1 hour', '{"type":"http"}', 'canceled' FROM generate_series(1, 30000)`,
    });
    await db.rows({ name: 'analyze', text: 'ANALYZE timers' });
    const { total, estimated } = await countTimers(db, { status: 'canceled' });
    expect(estimated).toBe(true);
    expect(total).toBeGreaterThan(25_000);
    expect(total).toBeLessThan(35_000);
    expect(await countTimers(db, { status: 'failed' })).toStrictEqual({ total: 20, estimated: false });
  });
});
