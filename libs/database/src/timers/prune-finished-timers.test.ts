import { beforeEach, expect, test } from '@jest/globals';
import { CALLBACK_TYPES } from '@timer-platform/callback-types';
import { type TimerColumns, timerFactory } from '@timer-platform/test-support';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { connect } from '../connect.ts';
import { PRUNE, pruneFinishedTimers } from './prune-finished-timers.ts';

const DAY_MS = 86_400_000;

const database = withTestDatabase({
  open: (url, onIdleError) =>
    connect({ url, applicationName: 'prune-finished-timers.test', poolSize: 5, onIdleError }),
});
const timers = timerFactory(database.query);
beforeEach(async () => {
  await database.query('TRUNCATE timers CASCADE');
});

interface StoredTimers {
  readonly status: string;
  readonly createdDaysAgo: number;
  readonly updatedDaysAgo: number;
  readonly count?: number;
}

/** With microseconds, which the position of a scan must keep. */
function daysAgo(days: number): string {
  return new Date(Date.now() - days * DAY_MS).toISOString().replace('Z', '789Z');
}

async function store({ status, createdDaysAgo, updatedDaysAgo, count = 1 }: StoredTimers): Promise<void> {
  const row: TimerColumns = {
    status,
    created_at: daysAgo(createdDaysAgo),
    updated_at: daysAgo(updatedDaysAgo),
  };
  await timers.createMany(Array<TimerColumns>(count).fill(row));
}

async function countByStatus(): Promise<Record<string, number>> {
  const { rows } = await database.query<{ status: string; count: number }>(
    'SELECT status, count(*)::integer AS count FROM timers GROUP BY status',
  );
  return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
}

/** Scans the whole table. */
async function pruneAll(finishedForMs: number, limit = 10): Promise<{ deleted: number; steps: number }> {
  let from: string | undefined;
  for (let deleted = 0, steps = 1; ; steps += 1) {
    const step = await pruneFinishedTimers(database.db, { from, finishedForMs, limit });
    deleted += step.deleted;
    if (step.next === undefined) return { deleted, steps };
    from = step.next;
  }
}

test('deletes only timers that finished long enough ago', async () => {
  for (const status of ['completed', 'failed', 'canceled', 'pending', 'executing'])
    await store({ status, createdDaysAgo: 40, updatedDaysAgo: 31 });
  // Created long ago, but finished recently.
  await store({ status: 'completed', createdDaysAgo: 400, updatedDaysAgo: 29 });
  await store({ status: 'completed', createdDaysAgo: 29, updatedDaysAgo: 29 });
  expect(await pruneAll(30 * DAY_MS)).toMatchObject({ deleted: 3 });
  expect(await countByStatus()).toEqual({ pending: 1, executing: 1, completed: 2 });
});

test('scans in steps past timers that stay and past many timers of the same instant', async () => {
  for (let day = 31; day < 71; day += 1)
    await store({ status: 'pending', createdDaysAgo: day, updatedDaysAgo: day });
  await store({ status: 'pending', createdDaysAgo: 50.5, updatedDaysAgo: 50, count: 100 });
  await store({ status: 'completed', createdDaysAgo: 30.5, updatedDaysAgo: 30.4, count: 25 });
  const { deleted, steps } = await pruneAll(30 * DAY_MS);
  expect(deleted).toBe(25);
  expect(steps).toBeGreaterThan(4);
  expect(await countByStatus()).toEqual({ pending: 140 });
});

test('deletes the attempts of a timer', async () => {
  await store({ status: 'failed', createdDaysAgo: 40, updatedDaysAgo: 40 });
  await database.query(
    `INSERT INTO timer_attempts (timer_id, number, due_at, started_at, finished_at, error)
     SELECT id, 1, now(), now(), now(), 'HTTP 500' FROM timers`,
  );
  await pruneAll(30 * DAY_MS);
  expect((await database.query('SELECT * FROM timer_attempts')).rows).toEqual([]);
});

test('deletes each timer once if several scans run at once', async () => {
  for (let day = 31; day < 61; day += 1)
    await store({ status: 'completed', createdDaysAgo: day, updatedDaysAgo: day, count: 20 });
  const scans = await Promise.all([1, 2, 3].map(() => pruneAll(30 * DAY_MS)));
  expect(scans.reduce((sum, { deleted }) => sum + deleted, 0)).toBe(600);
  expect(await countByStatus()).toEqual({});
});

test.each(CALLBACK_TYPES)(
  'scans an index of %s timers, however many were created at one instant',
  async (type) => {
    const config = type === 'http' ? { url: 'http://a.test/' } : { topic: 'a' };
    const created: TimerColumns = {
      callback_type: type,
      created_at: daysAgo(40),
      callback_config: { type, ...config },
    };
    await timers.createMany(Array<TimerColumns>(20_000).fill(created));
    await database.query('ANALYZE timers');
    const { rows } = await database.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${PRUNE[type].text}`, [
      '-infinity',
      '00000000-0000-0000-0000-000000000000',
      30 * DAY_MS,
      1_000,
    ]);
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toContain(`Index Scan Backward using idx_timers_created_${type}`);
  },
);
