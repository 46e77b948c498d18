import { beforeAll, expect, test } from '@jest/globals';
import { scheduleFactory } from '@timer-platform/test-support';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import type { Statement } from '../connect.ts';
import { DUE_SCHEDULES, UPCOMING_SCHEDULES } from './due-schedules.ts';
import { MATERIALIZE_OCCURRENCES } from './materialize-occurrences.ts';

const database = withTestDatabase();
const SCHEDULES = 3_000;

beforeAll(async () => {
  const nowMs = Date.now();
  const ids = await scheduleFactory(database.query).createMany(
    Array.from({ length: SCHEDULES }, (_, index) => ({
      overlap: index % 2 === 0 ? 'allow' : 'skip',
      pause_after_failures: index % 3 === 0 ? 5 : null,
      materialize_at: new Date(nowMs + (index - 100) * 1_000),
    })),
  );
  // A history, in which every schedule has a few unfinished occurrences.
  await database.query(
    `INSERT INTO timers (created_at, execute_at, status, callback_config, schedule_id, scheduled_for, origin)
     SELECT now() - interval '2 days', now() - interval '1 day' + n * interval '1 s', CASE WHEN n = 2 THEN 'pending' ELSE 'completed' END,
       '{"type":"http","url":"http://a.test/"}', id, now() - interval '1 day' + n * interval '1 s', 'schedule'
     FROM unnest($1::uuid[]) AS id, generate_series(1, 2) AS n`,
    [ids],
  );
  await database.query('ANALYZE timers');
  await database.query('ANALYZE schedules');
});

/** The plan that the dispatcher's sessions use: generic, and by index only. */
async function planOf({ text }: Statement, types: string, values: string): Promise<string> {
  for (const setting of ['enable_seqscan', 'enable_bitmapscan', 'enable_hashjoin', 'enable_mergejoin'])
    await database.query(`SET ${setting} = off`);
  await database.query('SET plan_cache_mode = force_generic_plan');
  await database.query(`PREPARE planned ${types} AS ${text}`);
  try {
    const { rows } = await database.query<{ 'QUERY PLAN': string }>(
      `EXPLAIN (ANALYZE, COSTS off, TIMING off, BUFFERS off) EXECUTE planned ${values}`,
    );
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  } finally {
    await database.query('DEALLOCATE planned; RESET ALL');
  }
}

test('a pass finds due schedules and their occurrences by index, and reads no others', async () => {
  const plan = await planOf(DUE_SCHEDULES, '(integer, text, double precision)', "(250, '2026a', 4000)");
  expect(plan).toContain('idx_schedules_materialize_at');
  expect(plan).toContain('idx_timers_pending_occurrences');
  expect(plan).toContain('idx_timers_schedule');
  expect(plan).not.toMatch(/Seq Scan on (?:timers|schedules)/);
  const [, read = '0'] = /idx_schedules_materialize_at on schedules \(actual rows=(\d+)/.exec(plan) ?? [];
  expect(Number(read)).toBeGreaterThan(90);
  expect(Number(read)).toBeLessThan(250);
});

test('the next schedules are found by index', async () => {
  const plan = await planOf(UPCOMING_SCHEDULES, '(integer)', '(100)');
  expect(plan).toContain('idx_schedules_materialize_at');
  expect(plan).toMatch(/on schedules \(actual rows=100/);
});

test('decisions are written by the primary keys', async () => {
  const { rows } = await database.query<{ id: string }>('SELECT id FROM schedules LIMIT 5');
  const decisions = rows.map(({ id }) => ({
    id,
    fence: 0,
    occurrences: [],
    skips: [],
    cancel_previous: true,
    unpause: false,
    cursor_ms: Date.now(),
  }));
  const plan = await planOf(MATERIALIZE_OCCURRENCES, '(json)', `('${JSON.stringify(decisions)}')`);
  expect(plan).toContain('schedules_pkey');
  expect(plan).toContain('timers_pkey');
  expect(plan).not.toMatch(/Seq Scan on (?:timers|schedules)/);
});
