import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@timer-platform/test-support';
import { connect, type Database } from '../connect.ts';
import { pruneFinishedTimers } from './prune-finished-timers.ts';

const DAY_MS = 86_400_000;

let database: TestDatabase;
let db: Database;

beforeAll(async () => {
  database = await createTestDatabase();
  db = connect({
    url: database.url,
    applicationName: 'test',
    poolSize: 5,
    onIdleError: () => undefined,
  });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});
beforeEach(async () => {
  await db.rows({ name: 'clear', text: 'TRUNCATE timers CASCADE' });
});

interface Aged {
  readonly status: string;
  readonly createdDaysAgo: number;
  readonly updatedDaysAgo: number;
  readonly count?: number;
}

async function store({ status, createdDaysAgo, updatedDaysAgo, count = 1 }: Aged): Promise<void> {
  await db.rows(
    {
      name: 'store',
      text: `INSERT INTO timers (status, created_at, updated_at, execute_at, callback_config)
             SELECT $1, now() - $2 * interval '1 day', now() - $3 * interval '1 day', now() + interval '1 day',
                    '{"type":"http","url":"http://receiver.test/"}'
             FROM generate_series(1, $4::integer)`,
    },
    [status, createdDaysAgo, updatedDaysAgo, count],
  );
}

async function left(): Promise<Record<string, number>> {
  const rows = await db.rows<{ status: string; count: number }>({
    name: 'left',
    text: 'SELECT status, count(*)::integer AS count FROM timers GROUP BY status',
  });
  return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
}

/** The whole way through the table. */
async function deleteAll(finishedForMs: number, limit = 10): Promise<{ deleted: number; steps: number }> {
  let from: string | undefined;
  for (let deleted = 0, steps = 1; ; steps += 1) {
    const step = await pruneFinishedTimers(db, { from, finishedForMs, limit });
    deleted += step.deleted;
    if (step.next === undefined) return { deleted, steps };
    from = step.next;
  }
}

test('deletes what was finished long enough ago, and nothing else', async () => {
  for (const status of ['completed', 'failed', 'canceled', 'pending', 'executing'])
    await store({ status, createdDaysAgo: 40, updatedDaysAgo: 31 });
  // Finished lately, however long ago it was created.
  await store({ status: 'completed', createdDaysAgo: 400, updatedDaysAgo: 29 });
  await store({ status: 'completed', createdDaysAgo: 29, updatedDaysAgo: 29 });
  expect(await deleteAll(30 * DAY_MS)).toMatchObject({ deleted: 3 });
  expect(await left()).toEqual({ pending: 1, executing: 1, completed: 2 });
});

test('gets past timers that stay, in steps, and past many of the same instant', async () => {
  for (let day = 31; day < 71; day += 1)
    await store({ status: 'pending', createdDaysAgo: day, updatedDaysAgo: day });
  await store({ status: 'pending', createdDaysAgo: 50.5, updatedDaysAgo: 50, count: 100 });
  await store({ status: 'completed', createdDaysAgo: 30.5, updatedDaysAgo: 30.4, count: 25 });
  const { deleted, steps } = await deleteAll(30 * DAY_MS);
  expect(deleted).toBe(25);
  expect(steps).toBeGreaterThan(4);
  expect(await left()).toEqual({ pending: 140 });
});

test('attempts go with their timer', async () => {
  await store({ status: 'failed', createdDaysAgo: 40, updatedDaysAgo: 40 });
  await db.rows({
    name: 'attempt',
    text: `INSERT INTO timer_attempts (timer_id, number, due_at, started_at, finished_at, error)
           SELECT id, 1, now(), now(), now(), 'HTTP 500' FROM timers`,
  });
  await deleteAll(30 * DAY_MS);
  expect(await db.rows({ name: 'attempts', text: 'SELECT * FROM timer_attempts' })).toEqual([]);
});

test('several at once delete each timer once', async () => {
  for (let day = 31; day < 61; day += 1)
    await store({ status: 'completed', createdDaysAgo: day, updatedDaysAgo: day, count: 20 });
  const walks = await Promise.all([1, 2, 3].map(() => deleteAll(30 * DAY_MS)));
  expect(walks.reduce((sum, { deleted }) => sum + deleted, 0)).toBe(600);
  expect(await left()).toEqual({});
});

test('walks the index of creation', async () => {
  await store({ status: 'pending', createdDaysAgo: 1, updatedDaysAgo: 1, count: 20_000 });
  await store({ status: 'completed', createdDaysAgo: 40, updatedDaysAgo: 40, count: 10 });
  await db.rows({ name: 'analyze', text: 'ANALYZE timers' });
  const plan = await db.rows<{ 'QUERY PLAN': string }>({
    name: 'explain',
    text: `EXPLAIN SELECT id FROM timers WHERE created_at > '-infinity' AND created_at < now() - interval '30 days'
           ORDER BY created_at FETCH FIRST 1000 ROWS WITH TIES`,
  });
  expect(plan.map((row) => row['QUERY PLAN']).join('\n')).toContain('idx_timers_created_at');
});
