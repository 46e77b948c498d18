import { beforeAll, describe, expect, test } from '@jest/globals';
import { timerFactory } from '@timer-platform/test-support';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import fc from 'fast-check';
import { type CompiledQuery, Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { connect, type Database } from '../connect.ts';
import type { Schema } from '../schema.ts';
import { AMPLE, listed } from '../testing/bulk.ts';
import { type ListPage, listTimers } from './list-timers.ts';
import type { TimerFilter } from './timer-conditions.ts';

const database = withTestDatabase({
  open: (url, onIdleError) =>
    connect({ url, applicationName: 'search-timers.test', poolSize: 5, onIdleError }),
});

const at = (hours: number): string => new Date(Date.UTC(2099, 0, 1, hours)).toISOString();
const FAILED_AT = '2026-02-01T00:00:00.000Z';

interface Sample {
  readonly status: 'pending' | 'failed' | 'completed';
  readonly created: number;
  readonly due: number;
  readonly deferred: boolean;
  readonly host: 'a' | 'b';
  readonly error: string | null;
  readonly team: 'x' | 'y' | null;
  readonly tags: readonly number[];
}

const sample = fc.record<Sample>({
  status: fc.constantFrom('pending', 'failed', 'completed'),
  created: fc.integer({ min: 0, max: 5 }),
  due: fc.integer({ min: 0, max: 5 }),
  deferred: fc.boolean(),
  host: fc.constantFrom('a', 'b'),
  error: fc.constantFrom(null, 'HTTP 503', '100% wrong', "it's"),
  team: fc.constantFrom('x', 'y', null),
  tags: fc.subarray([1, 2.5, 3]),
});

const createdAt = ({ created }: Sample): string => new Date(Date.UTC(2020, 0, 1, created)).toISOString();

/** A deferred timer is next attempted never, and was due at its instant. */
const rowOf = (item: Sample) => ({
  status: item.status,
  created_at: createdAt(item),
  execute_at: at(item.due),
  executed_at: item.status === 'pending' ? null : FAILED_AT,
  callback_config: { type: 'http', url: `https://${item.host}.example/x` },
  last_error: item.error,
  metadata: item.team === null ? null : { team: item.team, tags: item.tags },
  ...(item.deferred && item.status === 'pending'
    ? { next_attempt_at: 'infinity', due_since: at(item.due) }
    : {}),
});

/** What a filter means, without SQL. */
const MODEL: { readonly [Name in keyof TimerFilter]?: (item: Sample, value: string) => boolean } = {
  status: ({ status }, value) => status === value,
  destination: ({ host }, value) => `https://${host}.example` === value,
  dueFrom: ({ due }, value) => at(due) >= value,
  dueBefore: ({ due }, value) => at(due) < value,
  createdFrom: (item, value) => createdAt(item) >= value,
  createdBefore: (item, value) => createdAt(item) < value,
  lastError: ({ error }, value) => error?.includes(value) ?? false,
  metadata: ({ team, tags }, value) => {
    const wanted = JSON.parse(value) as { team?: string; tags?: number[] };
    if (team === null) return false;
    if (wanted.team !== undefined && wanted.team !== team) return false;
    return (wanted.tags ?? []).every((tag) => tags.includes(tag));
  },
};

const matches = (item: Sample, filter: TimerFilter): boolean =>
  Object.entries(filter).every(
    ([name, value]) =>
      value === undefined || MODEL[name as keyof TimerFilter]?.(item, String(value)) === true,
  );

const instant = fc.integer({ min: 0, max: 6 });
const filters: fc.Arbitrary<TimerFilter> = fc.record(
  {
    status: fc.constantFrom('pending', 'failed', 'completed'),
    destination: fc.constantFrom('https://a.example', 'https://c.example'),
    dueFrom: instant.map(at),
    dueBefore: instant.map(at),
    createdFrom: instant.map((created) => createdAt({ created } as Sample)),
    createdBefore: instant.map((created) => createdAt({ created } as Sample)),
    lastError: fc.constantFrom('503', '%', "it's", '_'),
    metadata: fc.constantFrom(
      '{}',
      '{"team":"x"}',
      '{"tags":[2.50]}',
      '{"team":"y","tags":[1,3]}',
      '{"team":null}',
    ),
  },
  { requiredKeys: [] },
);

test('a list has what its filter means, in order, on pages of any size', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(sample, { maxLength: 30 }),
      filters,
      fc.constantFrom<ListPage['sort'][]>('created_at', 'execute_at'),
      fc.constantFrom<ListPage['order'][]>('asc', 'desc'),
      fc.integer({ min: 1, max: 9 }),
      async (items, filter, sort, order, limit) => {
        await database.query('TRUNCATE timers CASCADE');
        const ids = items.length === 0 ? [] : await timerFactory(database.query).createMany(items.map(rowOf));
        const key = (item: Sample): string => (sort === 'created_at' ? createdAt(item) : at(item.due));
        const expected = items
          .map((item, index) => ({ item, id: ids[index] ?? '' }))
          .filter(({ item }) => matches(item, filter))
          .map(({ item, id }) => `${key(item)} ${id}`)
          .sort();
        if (order === 'desc') expected.reverse();
        const found: string[] = [];
        const keyOf = new Map(items.map((item, index) => [ids[index], key(item)]));
        for (let after: ListPage['after'], pages = 0; ; pages += 1) {
          const page = await listed(database.db, { filter, sort, order, limit, offset: 0, after });
          found.push(...page.timers.map(({ id }) => `${keyOf.get(id) ?? ''} ${id}`));
          if (page.total !== null) expect(page.total).toBe(expected.length);
          if (page.next === undefined || pages > 40) break;
          after = page.next;
        }
        expect(found).toEqual(expected);
      },
    ),
    { numRuns: 60 },
  );
});

describe('a list of 60,000 timers', () => {
  beforeAll(async () => {
    await database.query('TRUNCATE timers CASCADE');
    await database.query(`
      INSERT INTO timers (id, created_at, execute_at, status, executed_at, callback_config, metadata, last_error, client, key)
      SELECT gen_random_uuid(), timestamptz '2026-01-01Z' + n * interval '1 second', timestamptz '2099-01-01Z' + n * interval '1 second',
        CASE WHEN n % 3 = 0 THEN 'pending' WHEN n % 300 = 1 THEN 'failed' ELSE 'completed' END,
        CASE WHEN n % 3 <> 0 THEN timestamptz '2026-02-01Z' END,
        jsonb_build_object('type', 'http', 'url', 'https://host-' || n % 7 || '.example/'),
        CASE WHEN n = 30000 THEN '{"rare": true}'::jsonb END,
        CASE WHEN n % 300 = 1 THEN 'HTTP 503' END, 'c', CASE WHEN n % 100 = 0 THEN 'key-' || n END
      FROM generate_series(1, 60000) AS n`);
    await database.query('ANALYZE timers');
  }, 60_000);

  const page = { sort: 'created_at', order: 'desc', limit: 50, offset: 0 } as const;

  test('stops when its time is spent, and continues where it has stopped', async () => {
    const filter = { metadata: '{"rare":true}' };
    let now = 0;
    const budget = { monotonicMs: () => (now += 100), ms: 150 };
    const first = await listTimers(database.db, { ...page, filter, budget });
    expect(first).toMatchObject({ outcome: 'listed', timers: [], total: null, search: { complete: false } });
    let found = 0;
    let scanned = 0;
    let after = first.outcome === 'listed' ? first.next : undefined;
    for (let pages = 0; after !== undefined && pages < 1_000; pages += 1) {
      const next = await listTimers(database.db, { ...page, filter, budget: { ...AMPLE, ms: 5 }, after });
      if (next.outcome !== 'listed') throw new Error(next.outcome);
      found += next.timers.length;
      scanned += next.search?.scanned ?? 0;
      after = next.next;
    }
    expect(found).toBe(1);
    expect(scanned).toBeGreaterThan(50_000);
  });

  test('is refused where it would have to be sorted without an index, or skip rows of a search', async () => {
    const sorted = { ...page, sort: 'execute_at', filter: {}, budget: AMPLE } as const;
    expect(await listTimers(database.db, sorted)).toEqual({ outcome: 'unsorted' });
    expect(await listTimers(database.db, { ...sorted, filter: { status: 'failed' } })).toMatchObject({
      outcome: 'listed',
      total: 200,
    });
    const skipping = { ...page, offset: 1, filter: { lastError: 'x' }, budget: AMPLE };
    expect(await listTimers(database.db, skipping)).toEqual({ outcome: 'offset-in-search' });
  });

  test.each<[string, Partial<ListPage>, string]>([
    ['no filter', {}, 'idx_timers_created_http'],
    [
      'pending timers by due instant',
      { filter: { status: 'pending' }, sort: 'execute_at' },
      'idx_timers_due',
    ],
    [
      'a due range',
      { filter: { status: 'pending', dueFrom: '2099-01-01T05:00:00Z' }, sort: 'execute_at' },
      'idx_timers_due',
    ],
    ['failed timers', { filter: { status: 'failed', lastError: '503' } }, 'idx_timers_failed_canceled'],
    ['a destination', { filter: { destination: 'https://host-1.example' } }, 'idx_timers_created_http'],
    [
      'metadata of pending timers',
      { filter: { status: 'pending', metadata: '{"rare":true}' }, sort: 'execute_at' },
      'idx_timers_due',
    ],
    [
      'a creation range',
      { filter: { createdFrom: '2026-01-01T05:00:00Z', createdBefore: '2026-01-01T06:00:00Z' } },
      'idx_timers_created_http',
    ],
    [
      'a creation range by due instant',
      {
        filter: { createdFrom: '2026-01-01T05:00:00Z', createdBefore: '2026-01-01T06:00:00Z' },
        sort: 'execute_at',
      },
      'idx_timers_created_http',
    ],
    ['a callback type', { filter: { callbackType: 'nats' } }, 'idx_timers_created_nats'],
    ['a key', { filter: { key: 'key-500' } }, 'idx_timers_key'],
    [
      'the last page',
      { after: { micros: '1767225700000000', id: '00000000-0000-0000-0000-000000000000' } },
      'idx_timers_created_http',
    ],
  ])('with %s uses an index and scans no table', async (_, fields, index) => {
    const statements: CompiledQuery[] = [];
    const pool = new pg.Pool({ connectionString: database.url, max: 2 });
    const kysely = new Kysely<Schema>({
      dialect: new PostgresDialect({ pool }),
      log: ({ query }) => {
        // A count without a range stops after 10,001 rows, wherever they are.
        if (/WITH scanned|created_at >=/.test(query.sql)) statements.push(query);
      },
    });
    // All statements of a list run on Kysely.
    const db = Object.defineProperty(Object.create(database.db), 'kysely', { value: kysely }) as Database;
    await listTimers(db, { ...page, filter: {}, budget: AMPLE, ...fields });
    const explained = await Promise.all(
      statements.map(({ sql, parameters }) =>
        pool.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${sql}`, [...parameters]),
      ),
    );
    await kysely.destroy();
    const plans = JSON.stringify(explained.map(({ rows }) => rows));
    expect(plans).toContain(index);
    expect(plans).not.toContain('Seq Scan on timers');
  });
});
