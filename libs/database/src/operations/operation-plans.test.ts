import { beforeAll, describe, expect, test } from '@jest/globals';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { connect, type Statement } from '../connect.ts';
import { COUNT_PAUSED_TIMERS } from '../destinations/count-paused-timers.ts';
import { OLDEST_DUE } from '../dispatch/oldest-due.ts';
import { PRUNE_IDEMPOTENCY_KEYS } from '../timers/prune-idempotency-keys.ts';
import { COUNT_DUE_TIMERS } from './count-due-timers.ts';
import { COUNT_EXECUTING_TIMERS } from './count-executing-timers.ts';
import { countPendingByBucket, pendingByBucket } from './count-pending-by-bucket.ts';
import { COUNT_TIMERS_BY_STATE } from './count-timers-by-state.ts';
import { BY_INDEX } from './rows-by-index.ts';
import { samplePendingByBucket } from './sample-pending-by-bucket.ts';
import { SAMPLE_STATES } from './sample-states.ts';

const database = withTestDatabase({
  open: (url, onIdleError) => connect({ url, applicationName: 'plans', poolSize: 2, onIdleError }),
});

const TIMERS = 20_000;

beforeAll(async () => {
  // Three timers in each page, so that reading all of them is expensive.
  await database.query('ALTER TABLE timers SET (fillfactor = 10)');
  await database.query(
    `INSERT INTO timers (created_at, execute_at, status, callback_config, next_attempt_at, paused_for)
     SELECT now() - interval '10 days', now() + (hashint4(n) % 86400) * interval '1 s',
       CASE WHEN n % 10 = 0 THEN 'failed' WHEN n % 50 = 1 THEN 'canceled' WHEN n % 3 = 1 THEN 'completed' ELSE 'pending' END,
       '{"type":"http","url":"http://a.test/"}', CASE WHEN n % 200 = 2 THEN 'infinity'::timestamptz END,
       CASE WHEN n % 200 = 2 THEN 'http://a.test' END
     FROM generate_series(1, $1::integer) AS n`,
    [TIMERS],
  );
  await database.query(
    `INSERT INTO claim_batches (due_from, due_to, timer_ids, tokens)
     SELECT now(), now(), array_agg(id), array_agg(0)
     FROM (SELECT id, row_number() OVER () / 100 AS batch FROM timers WHERE status = 'pending' LIMIT 3000) AS claimed GROUP BY batch`,
  );
  await database.query('VACUUM ANALYZE timers');
  await database.query('ANALYZE claim_batches');
});

/** The plan that the statement gets, with the rows that it reads. */
async function planOf(text: string, values: readonly unknown[]): Promise<string> {
  await database.query('BEGIN');
  await database.query(BY_INDEX.compile(database.db.kysely).sql);
  const { rows } = await database.query<{ 'QUERY PLAN': string }>(
    `EXPLAIN (ANALYZE, COSTS off, TIMING off, BUFFERS off) ${text}`,
    values,
  );
  await database.query('COMMIT');
  return rows.map((row) => row['QUERY PLAN']).join('\n');
}

const hourOf = (byDestination: boolean) => {
  const fromMs = Date.now();
  return { fromMs, untilMs: fromMs + 3_600_000, bucketMs: 60_000, byDestination };
};

describe('no number costs a scan of the table', () => {
  const statements: [string, Statement, unknown[], string[]][] = [
    [
      'timers by state',
      COUNT_TIMERS_BY_STATE,
      [true, true, true, true, true],
      ['idx_timers_due', 'idx_timers_failed_canceled', 'idx_timers_paused_for'],
    ],
    ['due timers', COUNT_DUE_TIMERS, [], ['idx_timers_due']],
    ['executing timers', COUNT_EXECUTING_TIMERS, [], ['timers_pkey']],
    [
      'timers of paused destinations',
      COUNT_PAUSED_TIMERS,
      [['http://a.test', 'http://b.test'], 10_000],
      ['idx_timers_paused_for'],
    ],
    ['a sample of the states', SAMPLE_STATES, [1], ['Sample Scan on timers']],
  ];

  test.each(statements)('%s', async (_, { text }, values, used) => {
    const plan = await planOf(text, values);
    for (const index of used) expect(plan).toContain(index);
    expect(plan).not.toMatch(/(?:Seq|Bitmap Heap) Scan on timers/);
  });

  test.each([false, true])('a forecast, by destination: %s', async (byDestination) => {
    const query = pendingByBucket(hourOf(byDestination)).compile(database.db.kysely);
    const plan = await planOf(query.sql, query.parameters);
    expect(plan).toContain('Index Scan using idx_timers_due');
    expect(plan).not.toMatch(/(?:Seq|Bitmap Heap) Scan on timers/);
    expect(plan).not.toMatch(/Sort Key: \(?COALESCE/);
  });
});

describe('what is not there yet is not looked for in every row', () => {
  const DAY_MS = 86_400_000;

  /** The plan of a statement in a table where nothing is due, and no idempotency key is old. */
  async function planWithoutMatches({ text }: Statement, values: readonly unknown[]): Promise<string> {
    await database.query('BEGIN');
    await database.query("UPDATE timers SET execute_at = now() + interval '1 day' WHERE status = 'pending'");
    await database.query(
      `INSERT INTO idempotency_keys (client, key, request_hash, timer_ids)
       SELECT 'a', n::text, '', ARRAY[gen_random_uuid()] FROM generate_series(1, 2000) AS n`,
    );
    await database.query('ANALYZE timers');
    await database.query('ANALYZE idempotency_keys');
    const { rows } = await database.query<{ 'QUERY PLAN': string }>(
      `EXPLAIN (ANALYZE, COSTS off, TIMING off, BUFFERS off) ${text}`,
      values,
    );
    await database.query('ROLLBACK');
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  }

  test.each<[string, Statement, unknown[], string]>([
    ['the oldest due timer', OLDEST_DUE, [], 'idx_timers_due'],
    ['old idempotency keys', PRUNE_IDEMPOTENCY_KEYS, [DAY_MS, 1_000], 'idx_idempotency_keys_created_at'],
  ])('%s', async (_, statement, values, index) => {
    const plan = await planWithoutMatches(statement, values);
    expect(plan).toContain(index);
    // A control: with clock_timestamp() every pending timer, and every key, is removed by a filter.
    expect(plan).not.toContain('Rows Removed by Filter');
  });
});

test('a sample of all pages is the same as counting', async () => {
  const range = { ...hourOf(true), untilMs: Date.now() + 3_600_000 };
  const counted = await countPendingByBucket(database.db, range);
  const sampled = await samplePendingByBucket(database.db, range, range.fromMs, 100);
  const inOrder = (groups: typeof sampled) => groups.toSorted((one, other) => one.bucket - other.bucket);
  expect(counted.exactUntilMs).toBe(range.untilMs);
  expect(inOrder([...counted.groups])).toEqual(inOrder(sampled));
  expect(sampled.length).toBeGreaterThan(30);
});

test('large callbacks are not all read for their destinations', async () => {
  const payload = 'x'.repeat(1_000_000);
  await database.query(
    `INSERT INTO timers (execute_at, callback_config)
     SELECT now() + interval '2 days' + n * interval '1 s', jsonb_build_object('type', 'http', 'url', 'http://large.test/', 'payload', $1::text)
     FROM generate_series(1, 40) AS n`,
    [payload],
  );
  const fromMs = Date.now() + 86_400_000 * 1.5;
  const range = { fromMs, untilMs: fromMs + 86_400_000, bucketMs: 86_400_000, byDestination: true };
  const byDestination = await countPendingByBucket(database.db, range);
  expect(byDestination.groups).toEqual([{ bucket: 0, destination: 'http://large.test', timers: 33 }]);
  expect(byDestination.exactUntilMs).toBeLessThan(range.untilMs);
  expect(byDestination.callbackBytes).toBeGreaterThan(1_000_000);
  const all = await countPendingByBucket(database.db, { ...range, byDestination: false });
  expect(all.groups).toEqual([{ bucket: 0, destination: null, timers: 40 }]);
});
