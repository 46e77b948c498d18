import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
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

describe('in the order of the pages', () => {
  beforeEach(async () => {
    // The snapshot of an ANALYZE would keep rows that were replaced, and so their room.
    await database.client.query('ALTER TABLE timers SET (autovacuum_enabled = off)');
    await database.client.query(
      'CREATE TABLE pages_before AS SELECT id, (ctid::text::point)[0]::int AS page FROM timers',
    );
  });

  test('a batch fills rows of few pages, although their ids are random', async () => {
    await startUntil(({ kind }) => kind === 'batch');
    const { rows } = await database.client.query<{ filled: number; first: number }>(
      `SELECT count(*)::int AS filled, count(*) FILTER (WHERE page < 9)::int AS first
       FROM timers JOIN pages_before USING (id) WHERE callback_config IS NOT NULL`,
    );
    expect(rows[0]?.filled).toBeGreaterThan(20);
    expect(rows[0]?.first).toBe(rows[0]?.filled);
  });

  test('many rows stay in their page, where the batches before have made room', async () => {
    await startOnline(options({}));
    const { rows } = await database.client.query<{ stayed: number }>(
      `SELECT count(*)::int AS stayed FROM timers JOIN pages_before USING (id)
       WHERE (timers.ctid::text::point)[0] = page`,
    );
    expect(rows[0]?.stayed).toBeGreaterThan(125);
  });
});

test('a migration that an earlier version has begun is completed', async () => {
  await startUntil(({ kind }) => kind === 'batch');
  await database.client.query(
    `ALTER TABLE _online_migrations DROP COLUMN pages, DROP COLUMN next_page, DROP COLUMN slowed_autovacuum,
       ADD COLUMN cursor UUID NOT NULL DEFAULT gen_random_uuid()`,
  );
  await resumeOnline(options({}));
  const { rows } = await database.client.query('SELECT phase, rows_done::int FROM _online_migrations');
  expect(rows).toEqual([{ phase: 'verified', rows_done: 500 }]);
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
