import { beforeAll, describe, expect, test } from '@jest/globals';
import { type TimerColumns, timerFactory } from '@timer-platform/test-support';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { connect } from '../connect.ts';
import { listed } from '../testing/bulk.ts';
import { countTimers } from './count-timers.ts';
import type { ListPage } from './list-timers.ts';

const database = withTestDatabase({
  open: (url, onIdleError) => connect({ url, applicationName: 'list-timers.test', poolSize: 5, onIdleError }),
});

/** Equal sort keys, instants before 1970, and instants up to the last four-digit year. */
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
beforeAll(() => database.query(FILL));

type Page = Omit<ListPage, 'budget'>;

const everything: Page = { filter: {}, sort: 'created_at', order: 'desc', limit: 200, offset: 0 };

async function idsPageByPage(page: Page): Promise<string[]> {
  const ids: string[] = [];
  for (let after: ListPage['after'], pages = 0; ; pages += 1) {
    const { timers, next } = await listed(database.db, { ...page, after });
    ids.push(...timers.map(({ id }) => id));
    if (next === undefined) return ids;
    if (pages > 100) throw new Error('the list has too many pages');
    after = next;
  }
}

const orders = (['created_at', 'execute_at'] as const).flatMap((sort) =>
  (['asc', 'desc'] as const).flatMap((order) => [1, 7, 60].map((limit) => ({ sort, order, limit }))),
);

describe('listTimers', () => {
  test.each(orders)(
    'returns each timer on one page: $sort $order, $limit per page',
    async ({ sort, order, limit }) => {
      const { timers } = await listed(database.db, { ...everything, sort, order });
      expect(timers).toHaveLength(60);
      const ids = await idsPageByPage({ ...everything, sort, order, limit });
      expect(ids).toStrictEqual(timers.map(({ id }) => id));
    },
  );

  test('sorts by instant, then by id', async () => {
    const { timers } = await listed(database.db, { ...everything, order: 'asc' });
    const { rows } = await database.query('SELECT id FROM timers ORDER BY created_at, id');
    expect(timers.map(({ id }) => id)).toStrictEqual(rows.map(({ id }) => id));
  });

  test('applies the filter on every page', async () => {
    const filter = { status: 'failed', callbackType: 'nats' } as const;
    const { timers } = await listed(database.db, { ...everything, filter });
    expect(timers).toHaveLength(10);
    expect(timers.every(({ status, callback_type }) => status === 'failed' && callback_type === 'nats')).toBe(
      true,
    );
    expect(await idsPageByPage({ ...everything, filter, limit: 3 })).toStrictEqual(
      timers.map(({ id }) => id),
    );
  });

  test('skips rows by an offset, and returns none after the end', async () => {
    const { timers } = await listed(database.db, everything);
    const { timers: rest } = await listed(database.db, { ...everything, offset: 50 });
    expect(rest.map(({ id }) => id)).toStrictEqual(timers.slice(50).map(({ id }) => id));
    expect(await listed(database.db, { ...everything, offset: 1_000 })).toMatchObject({
      timers: [],
      next: undefined,
    });
  });
});

describe('timers with infinite instants', () => {
  const rare = withTestDatabase({
    open: (url, onIdleError) =>
      connect({ url, applicationName: 'list-timers.test', poolSize: 5, onIdleError }),
  });

  test.each(orders)('are on one page each: $sort $order, $limit per page', async ({ sort, order, limit }) => {
    await rare.query('TRUNCATE timers CASCADE');
    await rare.query(`
      INSERT INTO timers (created_at, execute_at, callback_config)
      SELECT created_at, execute_at, '{"type": "http"}'
      FROM (VALUES (timestamptz '-infinity', timestamptz '2026-01-01Z'), ('-infinity', 'infinity'),
        ('2026-01-01Z', 'infinity'), ('2026-01-01Z', 'infinity'), ('2026-01-01Z', '200000-12-31 23:59:59.999999Z'),
        ('4713-01-01 BC', '2026-01-01Z'), ('2026-01-01Z', '2026-01-02Z')) AS rows (created_at, execute_at)`);
    const { timers } = await listed(rare.db, { ...everything, sort, order });
    expect(timers).toHaveLength(7);
    const ids: string[] = [];
    for (let after: ListPage['after']; ;) {
      const page = await listed(rare.db, { ...everything, sort, order, limit, after });
      ids.push(...page.timers.map(({ id }) => id));
      if (page.next === undefined) break;
      after = page.next;
    }
    expect(ids).toStrictEqual(timers.map(({ id }) => id));
  });
});

describe('countTimers', () => {
  test('is exact for few timers', async () => {
    expect(await countTimers(database.db, {})).toStrictEqual({ total: 60, estimated: false });
    expect(await countTimers(database.db, { status: 'failed' })).toStrictEqual({
      total: 20,
      estimated: false,
    });
    expect(await countTimers(database.db, { status: 'canceled' })).toStrictEqual({
      total: 0,
      estimated: false,
    });
  });

  test('is an estimate above 10,000', async () => {
    const rows = Array<TimerColumns>(30_000).fill({ status: 'canceled' });
    await timerFactory(database.query).createMany(rows);
    await database.query('ANALYZE timers');
    const { total, estimated } = await countTimers(database.db, { status: 'canceled' });
    expect(estimated).toBe(true);
    expect(total).toBeGreaterThan(25_000);
    expect(total).toBeLessThan(35_000);
    expect(await countTimers(database.db, { status: 'failed' })).toStrictEqual({
      total: 20,
      estimated: false,
    });
  });
});
