import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@timer-platform/test-support';
import pg from 'pg';
import { connect, type Database } from '../connect.ts';
import { IS_EXECUTING } from '../state-guards.ts';
import { cancelTimer } from '../timers/change-timer.ts';
import { findTimer } from '../timers/find-timer.ts';
import { insertTimers, type NewTimer } from '../timers/insert-timers.ts';
import { listAttempts } from '../timers/list-attempts.ts';
import { claimDueTimers, type ClaimedRow } from './claim-due-timers.ts';
import { acquireLease, giveUpLease, renewLease } from './leases.ts';
import { oldestDueAge } from './oldest-due.ts';
import { releaseClaims } from './release-claims.ts';
import { removeExpiredLeases, rescueLostClaims } from './rescue-lost-claims.ts';
import { SETTLE_DELIVERED, settleDelivered } from './settle-delivered.ts';
import { type FailedAttempt, settleFailed } from './settle-failed.ts';

let testDatabase: TestDatabase;
let db: Database;
let admin: pg.Client;
const dispatcherId = randomUUID();

const FROM_THE_BEGINNING = Number.NEGATIVE_INFINITY;
const RULES = { maxLostClaims: 3, unownedMs: 300_000 };

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  db = connect({
    url: testDatabase.url,
    applicationName: 'dispatch-statements.test',
    poolSize: 8,
    onIdleError: (error) => {
      throw error;
    },
  });
  admin = new pg.Client({ connectionString: testDatabase.url });
  await admin.connect();
});

afterAll(async () => {
  await admin.end();
  await db.close();
  await testDatabase.drop();
});

beforeEach(async () => {
  await admin.query('TRUNCATE timers, dispatchers, timer_attempts CASCADE');
  await acquireLease(db, dispatcherId, 'test');
});

/** Stores a timer and moves it into the past, where the API lets nobody store one. */
async function storeDue(more: Partial<NewTimer> = {}, agoMs = 1_000): Promise<string> {
  const result = await insertTimers(db, [
    { delayMs: 3_600_000, callback: { type: 'http', url: 'http://localhost/' }, ...more },
  ]);
  if (result.outcome !== 'inserted') throw new Error(result.outcome);
  const id = result.timers[0]?.id ?? '';
  await admin.query(
    `UPDATE timers SET created_at = now() - interval '1 day', execute_at = now() - $2 * interval '1 millisecond'
     WHERE id = $1`,
    [id, agoMs],
  );
  return id;
}

async function claim(more: Partial<Parameters<typeof claimDueTimers>[1]> = {}) {
  return claimDueTimers(db, {
    dispatcherId,
    lookAheadMs: 0,
    limit: 100,
    dueFromMs: FROM_THE_BEGINNING,
    ...more,
  });
}

async function claimOne(): Promise<ClaimedRow> {
  const [timer] = (await claim()).rows;
  if (timer === undefined) throw new Error('nothing was due');
  return timer;
}

function failed(timer: ClaimedRow, more: Partial<FailedAttempt> = {}): FailedAttempt {
  const { id, fencingToken: token, dueMs } = timer;
  const now = Date.now();
  return {
    id,
    fencingToken: token,
    error: 'HTTP 503',
    nextAttemptMs: now - 10,
    dueMs,
    startedMs: now - 30,
    finishedMs: now - 20,
    statusCode: 503,
    ...more,
  };
}

async function statusOf(id: string): Promise<string | undefined> {
  return (await findTimer(db, id))?.status;
}

describe('claimDueTimers', () => {
  test('claims what is due, in the order in which it is due, and nothing else', async () => {
    const later = await storeDue({}, 1_000);
    const sooner = await storeDue({}, 5_000);
    await storeDue({}, -60_000);
    const { rows, holdsLease, nextDueMs, nowMs } = await claim();
    expect(rows.map(({ id }) => id)).toEqual([sooner, later]);
    expect(holdsLease).toBe(true);
    expect((nextDueMs ?? 0) - nowMs).toBeGreaterThan(50_000);
    expect(await statusOf(later)).toBe('executing');
    expect((await claim()).rows).toEqual([]);
  });

  test('looks ahead as far as it is told, and from the low-water mark on', async () => {
    await storeDue({}, -30_000);
    const overdue = await storeDue({}, 60_000);
    expect((await claim({ lookAheadMs: 20_000, dueFromMs: Date.now() - 1_000 })).rows).toEqual([]);
    expect((await claim({ lookAheadMs: 40_000, dueFromMs: Date.now() - 1_000 })).rows).toHaveLength(1);
    expect((await claim()).rows.map(({ id }) => id)).toEqual([overdue]);
  });

  test('tells how far it has looked: from its begin on, not from its answer', async () => {
    const before = Date.now();
    const { polledUpToMs, nowMs } = await claim({ lookAheadMs: 250 });
    expect(polledUpToMs).toBeGreaterThanOrEqual(before + 250);
    expect(polledUpToMs).toBeLessThanOrEqual(nowMs + 250);
  });

  test('takes no more than the limit, and then does not ask for the next due instant', async () => {
    for (let i = 0; i < 5; i += 1) await storeDue();
    const { rows, nextDueMs } = await claim({ limit: 3 });
    expect(rows).toHaveLength(3);
    expect(nextDueMs).toBeNull();
  });

  test('hands the payload through as text, digit by digit', async () => {
    const id = await storeDue();
    await admin.query(
      `UPDATE timers SET callback_config = '{"type":"http","url":"http://x/","payload":{"n":12345678901234567890.10}}'
       WHERE id = $1`,
      [id],
    );
    const timer = await claimOne();
    expect(timer.payload).toBe('{"n": 12345678901234567890.10}');
    expect(timer.callbackConfig).toEqual({ type: 'http', url: 'http://x/' });
  });

  test.each([
    ['null', null],
    ['false', 'false'],
    ['0', '0'],
    ['""', '""'],
    ['"null"', '"null"'],
  ])('a payload of %s is %s', async (payload, text) => {
    const id = await storeDue();
    await admin.query(
      `UPDATE timers SET callback_config = jsonb_set(callback_config, '{payload}', $2) WHERE id = $1`,
      [id, payload],
    );
    expect((await claimOne()).payload).toBe(text);
  });

  test('a dispatcher that is not registered claims nothing and is told so', async () => {
    const id = await storeDue();
    await giveUpLease(db, dispatcherId);
    expect(await claim()).toMatchObject({ rows: [], holdsLease: false });
    expect(await statusOf(id)).toBe('pending');
  });

  test('twenty claims at once share the timers without waiting for each other', async () => {
    await admin.query(
      `INSERT INTO timers (created_at, execute_at, callback_config)
       SELECT now() - interval '1 day', now() - interval '1 second', '{"type":"http","url":"http://x/"}'
       FROM generate_series(1, 200)`,
    );
    const claims = await Promise.all(Array.from({ length: 20 }, () => claim({ limit: 10 })));
    const ids = claims.flatMap(({ rows }) => rows.map(({ id }) => id));
    expect(new Set(ids).size).toBe(ids.length);
    // SKIP LOCKED may leave some to the next look, never lose them.
    const rest = await claim({ limit: 1_000 });
    expect(ids.length + rest.rows.length).toBe(200);
  });
});

describe('settling', () => {
  test('a delivered attempt completes the timer and tells its instants', async () => {
    const id = await storeDue();
    const timer = await claimOne();
    const startedMs = Date.now() - 20;
    const settled = await settleDelivered(db, [
      { id, fencingToken: timer.fencingToken, startedMs, finishedMs: startedMs + 15 },
    ]);
    expect(settled).toEqual(new Set([id]));
    const row = await findTimer(db, id);
    expect(row).toMatchObject({ status: 'completed', attempts: 1, last_error: null });
    expect(row?.attempted_at?.getTime()).toBe(startedMs);
    expect(row?.executed_at?.getTime()).toBe(startedMs + 15);
    expect(await listAttempts(db, id)).toMatchObject([{ number: 1, error: null }]);
  });

  test('a failed attempt goes back to pending until its next instant, or ends the timer', async () => {
    const id = await storeDue();
    const nextAttemptMs = Date.now() + 60_000;
    await settleFailed(db, [failed(await claimOne(), { nextAttemptMs })]);
    const waiting = await findTimer(db, id);
    expect(waiting).toMatchObject({
      status: 'pending',
      attempts: 1,
      last_error: 'HTTP 503',
      executed_at: null,
    });
    expect(waiting?.due_at.getTime()).toBe(nextAttemptMs);
    expect((await claim()).rows).toEqual([]);

    await admin.query('UPDATE timers SET next_attempt_at = now()');
    await settleFailed(db, [
      failed(await claimOne(), { nextAttemptMs: null, error: 'HTTP 410', statusCode: 410 }),
    ]);
    expect(await findTimer(db, id)).toMatchObject({ status: 'failed', attempts: 2, last_error: 'HTTP 410' });
    expect(await listAttempts(db, id)).toMatchObject([
      { number: 1, status_code: 503, error: 'HTTP 503' },
      { number: 2, status_code: 410, error: 'HTTP 410' },
    ]);
  });

  test('a failure before anything was sent is no attempt', async () => {
    const id = await storeDue();
    await settleFailed(db, [
      failed(await claimOne(), { startedMs: null, nextAttemptMs: null, error: 'unreadable' }),
    ]);
    expect(await findTimer(db, id)).toMatchObject({ status: 'failed', attempts: 0, attempted_at: null });
    expect(await listAttempts(db, id)).toEqual([]);
  });

  test('an error text with U+0000 or half a surrogate pair is stored', async () => {
    const id = await storeDue();
    await settleFailed(db, [failed(await claimOne(), { error: 'a\u0000b\ud800c' })]);
    expect((await findTimer(db, id))?.last_error).toBe('a\ufffdb\ufffdc');
  });

  test('only the newest claim can settle: the older one changes nothing, in whatever way it ends', async () => {
    const id = await storeDue();
    const old = await claimOne();
    await releaseClaims(db, [{ id, fencingToken: old.fencingToken, notBeforeMs: null }]);
    const current = await claimOne();
    expect(current.fencingToken).toBe(old.fencingToken + 1);
    const now = Date.now();
    expect(
      await settleDelivered(db, [{ id, fencingToken: old.fencingToken, startedMs: now, finishedMs: now }]),
    ).toEqual(new Set());
    expect(await settleFailed(db, [failed(old)])).toEqual(new Set());
    expect(await releaseClaims(db, [{ id, fencingToken: old.fencingToken, notBeforeMs: null }])).toBe(0);
    expect(await statusOf(id)).toBe('executing');
    // The control: the same calls with the current claim do change it.
    expect(
      await settleDelivered(db, [
        { id, fencingToken: current.fencingToken, startedMs: now, finishedMs: now },
      ]),
    ).toEqual(new Set([id]));
    expect(
      await settleDelivered(db, [
        { id, fencingToken: current.fencingToken, startedMs: now, finishedMs: now },
      ]),
    ).toEqual(new Set());
  });

  test('handing back uses up no attempt, and keeps the due instant unless it is given another', async () => {
    const id = await storeDue();
    const before = await findTimer(db, id);
    await releaseClaims(db, [{ id, fencingToken: (await claimOne()).fencingToken, notBeforeMs: null }]);
    expect(await findTimer(db, id)).toMatchObject({ status: 'pending', attempts: 0, due_at: before?.due_at });
    const notBeforeMs = Date.now() + 5_000;
    await releaseClaims(db, [{ id, fencingToken: (await claimOne()).fencingToken, notBeforeMs }]);
    expect((await findTimer(db, id))?.due_at.getTime()).toBe(notBeforeMs);
  });

  test('a canceled timer cannot be claimed, a claimed one cannot be canceled', async () => {
    const id = await storeDue();
    const timer = await claimOne();
    expect(await cancelTimer(db, id)).toEqual({ outcome: 'wrong-state', status: 'executing' });
    await releaseClaims(db, [{ id, fencingToken: timer.fencingToken, notBeforeMs: null }]);
    expect((await cancelTimer(db, id)).outcome).toBe('changed');
    expect((await claim()).rows).toEqual([]);
  });
});

describe('recovery', () => {
  async function silence(id: string): Promise<void> {
    await admin.query(`UPDATE dispatchers SET heartbeat_at = now() - interval '11 seconds' WHERE id = $1`, [
      id,
    ]);
  }

  test('returns what a silent dispatcher held, without using up an attempt', async () => {
    const id = await storeDue();
    await claimOne();
    expect(await removeExpiredLeases(db, 10_000)).toBe(0);
    expect(await rescueLostClaims(db, RULES)).toEqual({ returned: 0, failed: 0 });
    await silence(dispatcherId);
    expect(await removeExpiredLeases(db, 10_000)).toBe(1);
    expect(await rescueLostClaims(db, RULES)).toEqual({ returned: 1, failed: 0 });
    expect(await findTimer(db, id)).toMatchObject({ status: 'pending', attempts: 0 });
    expect(await renewLease(db, dispatcherId)).toBeUndefined();
  });

  test('a timer that loses dispatcher after dispatcher is failed in the end', async () => {
    const id = await storeDue();
    for (let lost = 1; lost <= RULES.maxLostClaims; lost += 1) {
      await acquireLease(db, dispatcherId, 'test');
      await claimOne();
      await giveUpLease(db, dispatcherId);
      expect(await rescueLostClaims(db, RULES)).toEqual(
        lost < RULES.maxLostClaims ? { returned: 1, failed: 0 } : { returned: 0, failed: 1 },
      );
    }
    expect(await findTimer(db, id)).toMatchObject({
      status: 'failed',
      last_error: 'given up: 3 dispatchers in a row lost their lease while they held this timer',
    });
  });

  test('a settled attempt ends the row of lost dispatchers', async () => {
    await storeDue();
    for (const last of [false, true, false]) {
      await acquireLease(db, dispatcherId, 'test');
      const timer = await claimOne();
      if (last) await settleFailed(db, [failed(timer)]);
      await giveUpLease(db, dispatcherId);
      await rescueLostClaims(db, { ...RULES, maxLostClaims: 2 });
    }
    const { rows } = await admin.query('SELECT status, lost_claims FROM timers');
    expect(rows).toEqual([{ status: 'pending', lost_claims: 1 }]);
  });

  test('returns what the first timer service left executing, when it is old enough', async () => {
    const id = await storeDue();
    await admin.query('ALTER TABLE timers DISABLE TRIGGER update_timers_updated_at');
    await admin.query(`UPDATE timers SET status = 'executing', updated_at = now() - interval '4 minutes'`);
    expect((await rescueLostClaims(db, RULES)).returned).toBe(0);
    await admin.query(`UPDATE timers SET updated_at = now() - interval '6 minutes'`);
    await admin.query('ALTER TABLE timers ENABLE TRIGGER update_timers_updated_at');
    expect((await rescueLostClaims(db, RULES)).returned).toBe(1);
    expect(await statusOf(id)).toBe('pending');
  });
});

test('oldestDueAge tells how long the oldest due timer waits', async () => {
  expect(await oldestDueAge(db)).toBe(0);
  await storeDue({}, -60_000);
  expect(await oldestDueAge(db)).toBe(0);
  await storeDue({}, 7_000);
  expect(await oldestDueAge(db)).toBeGreaterThanOrEqual(7_000);
});

test('claiming and settling use the indexes that are meant for them', async () => {
  await admin.query(
    `INSERT INTO timers (created_at, execute_at, status, callback_config)
     SELECT now() - interval '1 day', now() + n * interval '1 second', 'completed', '{"type":"http","url":"http://x/"}'
     FROM generate_series(1, 5000) n`,
  );
  await admin.query('ANALYZE timers');
  const plan = async (sql: string) =>
    JSON.stringify((await admin.query(`EXPLAIN (FORMAT JSON) ${sql}`)).rows);
  expect(
    await plan(
      `SELECT id FROM timers WHERE status = 'pending' AND COALESCE(next_attempt_at, execute_at) <= now()
       ORDER BY COALESCE(next_attempt_at, execute_at) LIMIT 10`,
    ),
  ).toContain('idx_timers_due');
  expect(await plan(`SELECT id FROM timers WHERE status = 'executing' AND claimed_by IS NULL`)).toContain(
    'idx_timers_claimed_by',
  );
});

describe('a plan made while no timer was executing', () => {
  const planOf = async (text: string): Promise<string> => {
    await admin.query('ANALYZE timers');
    await admin.query(`SET plan_cache_mode = force_generic_plan`);
    await admin.query(
      `PREPARE settle (uuid[], integer[], double precision[], double precision[]) AS ${text}`,
    );
    const { rows } = await admin.query("EXPLAIN (FORMAT JSON) EXECUTE settle ('{}', '{}', '{}', '{}')");
    await admin.query('DEALLOCATE settle');
    await admin.query('RESET plan_cache_mode');
    return JSON.stringify(rows);
  };

  beforeEach(async () => {
    await admin.query(
      `INSERT INTO timers (created_at, execute_at, status, callback_config)
       SELECT now() - interval '1 day', now(), 'completed', '{"type":"http","url":"http://x/"}'
       FROM generate_series(1, 20000) n`,
    );
  });

  test('settles by the primary key', async () => {
    const plan = await planOf(SETTLE_DELIVERED.text);
    expect(plan).toContain('timers_pkey');
    expect(plan).not.toContain('idx_timers_claimed_by');
  });

  test('and would walk the index of executing timers, if the guard were written plainly', async () => {
    const plain = SETTLE_DELIVERED.text.replace(IS_EXECUTING, `timers.status = 'executing'`);
    expect(await planOf(plain)).toContain('idx_timers_claimed_by');
  });
});
