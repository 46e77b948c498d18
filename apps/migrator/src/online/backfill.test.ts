import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type FirstServiceDatabase, openFirstServiceDatabase } from '../testing/first-service-database.ts';
import { waitUntil } from '../testing/wait-until.ts';
import type { OnlineEvent } from './online-context.ts';
import { type OnlineOptions, resumeOnline, startOnline } from './run-online.ts';

let database: FirstServiceDatabase;
beforeEach(async () => {
  database = await openFirstServiceDatabase(500);
});
afterEach(() => database.close());

const options = (more: Partial<OnlineOptions>): OnlineOptions => ({
  databaseUrl: database.url,
  throttle: { targetBatchMs: 1, firstBatchRows: 50, pauseRatio: 0 },
  lockPolicy: { lockTimeoutMs: 200, patienceMs: 60_000, random: () => 0 },
  ...more,
});

/** Starts and stops after the batch in which `matches` is true. Returns how many rows are filled. */
async function startUntil(matches: (event: OnlineEvent) => boolean): Promise<number> {
  const stop = new AbortController();
  let done = 0;
  const report = (event: OnlineEvent): void => {
    if (event.kind === 'batch') ({ done } = event);
    if (matches(event)) stop.abort();
  };
  await expect(startOnline(options({ signal: stop.signal, report }))).rejects.toMatchObject({
    code: 'interrupted',
  });
  return done;
}

test('the sweep fills the rows that were locked, in batches', async () => {
  const filledBefore = await startUntil(({ kind }) => kind === 'batch');
  const holder = await database.connect();
  await holder.query('BEGIN');
  await holder.query('SELECT FROM timers FOR UPDATE');
  const batches: number[] = [];
  let isSweep = false;
  await resumeOnline(
    options({
      report: (event) => {
        if (event.kind === 'phase') isSweep = event.phase === 'sweep';
        if (event.kind === 'blocked' && isSweep) void holder.query('COMMIT');
        if (event.kind === 'batch' && isSweep) batches.push(event.done);
      },
    }),
  );
  expect(batches[0]).toBe(filledBefore + 50);
  expect(batches.at(-1)).toBe(500);
  expect(batches.length).toBeGreaterThan(4);
});

test('the sweep reads the table in the order of its pages, not of the ids', async () => {
  await startUntil((event) => event.kind === 'batch' && event.done === 500);
  await database.client.query(`UPDATE _online_migrations SET phase = 'sweep'`);
  // The plan for a large table, which walks the primary key when it must.
  await database.client.query(
    `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET enable_seqscan = off', current_database()); END $$`,
  );
  const before = await rowsReadByIndex();
  await resumeOnline(options({}));
  expect((await rowsReadByIndex()) - before).toBeLessThan(100);
});

test('a batch fills the rows of few pages, although their ids are random', async () => {
  await database.client.query(
    'CREATE TABLE pages_before AS SELECT id, (ctid::text::point)[0]::int AS page FROM timers',
  );
  await startUntil(({ kind }) => kind === 'batch');
  const { rows } = await database.client.query<{ filled: number; all: number }>(
    `SELECT count(DISTINCT page) FILTER (WHERE callback_config IS NOT NULL)::int AS filled,
       count(DISTINCT page)::int AS all
     FROM timers JOIN pages_before USING (id)`,
  );
  const [pages] = rows;
  expect(pages?.filled).toBeLessThan((pages?.all ?? 0) / 2);
  expect(pages?.all).toBeGreaterThan(4);
});

test('no batch reads the whole table, although the table was never analyzed', async () => {
  const before = await scansOfTable();
  await startOnline(options({}));
  const { rows } = await database.client.query<{ batches: number }>(
    'SELECT batches::int AS batches FROM _online_migrations',
  );
  expect(rows[0]?.batches).toBeGreaterThanOrEqual(10);
  expect((await scansOfTable()) - before).toBeLessThan(10);
});

/** Sequential scans of timers by sessions that have ended. */
async function scansOfTable(): Promise<number> {
  await untilMigratorsHaveEnded();
  const { rows } = await database.client.query<{ scans: number }>(
    `SELECT seq_scan::int AS scans FROM pg_stat_user_tables WHERE relname = 'timers'`,
  );
  return rows[0]?.scans ?? 0;
}

/** Rows that sessions which have ended read with the primary key. */
async function rowsReadByIndex(): Promise<number> {
  await untilMigratorsHaveEnded();
  const { rows } = await database.client.query<{ read: number }>(
    `SELECT idx_tup_read::int AS read FROM pg_stat_user_indexes WHERE indexrelname = 'timers_pkey'`,
  );
  return rows[0]?.read ?? 0;
}

async function untilMigratorsHaveEnded(): Promise<void> {
  await waitUntil(
    database.client,
    `SELECT WHERE NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'timer-migrator' AND datname = current_database())`,
  );
  await database.client.query('SELECT pg_stat_clear_snapshot()');
}
