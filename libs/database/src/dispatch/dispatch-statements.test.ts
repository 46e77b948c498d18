import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { type TimerColumns, timerFactory } from '@timer-platform/test-support';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { connect } from '../connect.ts';
import { IS_EXECUTING } from '../state-guards.ts';
import { cancelTimer } from '../timers/change-timer.ts';
import { findTimer } from '../timers/find-timer.ts';
import { listAttempts } from '../timers/list-attempts.ts';
import { claimDueTimers, type ClaimedRow } from './claim-due-timers.ts';
import { acquireLease, giveUpLease, renewLease } from './leases.ts';
import { oldestDueAge } from './oldest-due.ts';
import { releaseClaims } from './release-claims.ts';
import { removeExpiredLeases, rescueLostClaims } from './rescue-lost-claims.ts';
import { SETTLE_DELIVERED, settleDelivered } from './settle-delivered.ts';
import { type FailedAttempt, settleFailed } from './settle-failed.ts';

const database = withTestDatabase({
  open: (url, onIdleError) =>
    connect({ url, applicationName: 'dispatch-statements.test', poolSize: 8, onIdleError }),
});
const timers = timerFactory(database.query);
const dispatcherId = randomUUID();

const RULES = { maxLostClaims: 3, unownedMs: 300_000 };

beforeEach(async () => {
  await database.query('TRUNCATE timers, dispatchers, timer_attempts CASCADE');
  await acquireLease(database.db, dispatcherId, 'test');
});

/** Stores a timer that has been due for this long; negative: that is due in this time. */
function storeDue(agoMs = 1_000): Promise<string> {
  return timers.create({ execute_at: new Date(Date.now() - agoMs) });
}

async function claim(more: Partial<Parameters<typeof claimDueTimers>[1]> = {}) {
  return claimDueTimers(database.db, {
    dispatcherId,
    lookAheadMs: 0,
    limit: 100,
    dueFromMs: Number.NEGATIVE_INFINITY,
    ...more,
  });
}

async function claimOne(): Promise<ClaimedRow> {
  const [timer] = (await claim()).rows;
  if (timer === undefined) throw new Error('no timer is due');
  return timer;
}

function failedAttempt(timer: ClaimedRow, more: Partial<FailedAttempt> = {}): FailedAttempt {
  const { id, fencingToken, dueMs } = timer;
  const now = Date.now();
  return {
    id,
    fencingToken,
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
  return (await findTimer(database.db, id))?.status;
}

describe('claimDueTimers', () => {
  test('claims only due timers, in the order in which they are due', async () => {
    const later = await storeDue(1_000);
    const sooner = await storeDue(5_000);
    await storeDue(-60_000);
    const { rows, holdsLease, nextDueMs, nowMs } = await claim();
    expect(rows.map(({ id }) => id)).toEqual([sooner, later]);
    expect(holdsLease).toBe(true);
    expect((nextDueMs ?? 0) - nowMs).toBeGreaterThan(50_000);
    expect(await statusOf(later)).toBe('executing');
    expect((await claim()).rows).toEqual([]);
  });

  test('claims timers between the low-water mark and the look-ahead', async () => {
    await storeDue(-30_000);
    const overdue = await storeDue(60_000);
    expect((await claim({ lookAheadMs: 20_000, dueFromMs: Date.now() - 1_000 })).rows).toEqual([]);
    expect((await claim({ lookAheadMs: 40_000, dueFromMs: Date.now() - 1_000 })).rows).toHaveLength(1);
    expect((await claim()).rows.map(({ id }) => id)).toEqual([overdue]);
  });

  test('polls up to the look-ahead from the start of the statement, not from its end', async () => {
    const before = Date.now();
    const { polledUpToMs, nowMs } = await claim({ lookAheadMs: 250 });
    expect(polledUpToMs).toBeGreaterThanOrEqual(before + 250);
    expect(polledUpToMs).toBeLessThanOrEqual(nowMs + 250);
  });

  test('claims at most the limit, and then returns no next due instant', async () => {
    for (let i = 0; i < 5; i += 1) await storeDue();
    const { rows, nextDueMs } = await claim({ limit: 3 });
    expect(rows).toHaveLength(3);
    expect(nextDueMs).toBeNull();
  });

  test('returns the payload as text with all digits', async () => {
    const id = await storeDue();
    await database.query(
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
  ])('returns a payload of %s as %s', async (payload, text) => {
    const id = await storeDue();
    await database.query(
      `UPDATE timers SET callback_config = jsonb_set(callback_config, '{payload}', $2) WHERE id = $1`,
      [id, payload],
    );
    expect((await claimOne()).payload).toBe(text);
  });

  test('claims nothing without a lease, and reports that', async () => {
    const id = await storeDue();
    await giveUpLease(database.db, dispatcherId);
    expect(await claim()).toMatchObject({ rows: [], holdsLease: false });
    expect(await statusOf(id)).toBe('pending');
  });

  test('twenty concurrent claims do not claim a timer twice', async () => {
    const due: TimerColumns = { execute_at: new Date(Date.now() - 1_000) };
    await timers.createMany(Array<TimerColumns>(200).fill(due));
    const claims = await Promise.all(Array.from({ length: 20 }, () => claim({ limit: 10 })));
    const ids = claims.flatMap(({ rows }) => rows.map(({ id }) => id));
    expect(new Set(ids).size).toBe(ids.length);
    // SKIP LOCKED may leave some for the next poll, but must not lose them.
    const rest = await claim({ limit: 1_000 });
    expect(ids.length + rest.rows.length).toBe(200);
  });
});

describe('settling', () => {
  test('completes the timer of a delivered attempt, with its instants', async () => {
    const id = await storeDue();
    const timer = await claimOne();
    const startedMs = Date.now() - 20;
    const settled = await settleDelivered(database.db, [
      { id, fencingToken: timer.fencingToken, startedMs, finishedMs: startedMs + 15 },
    ]);
    expect(settled).toEqual(new Set([id]));
    const row = await findTimer(database.db, id);
    expect(row).toMatchObject({ status: 'completed', attempts: 1, last_error: null });
    expect(row?.attempted_at?.getTime()).toBe(startedMs);
    expect(row?.executed_at?.getTime()).toBe(startedMs + 15);
    expect(await listAttempts(database.db, id)).toMatchObject([{ number: 1, error: null }]);
  });

  test('returns the timer of a failed attempt to pending until the next attempt, or fails it', async () => {
    const id = await storeDue();
    const nextAttemptMs = Date.now() + 60_000;
    await settleFailed(database.db, [failedAttempt(await claimOne(), { nextAttemptMs })]);
    const waiting = await findTimer(database.db, id);
    expect(waiting).toMatchObject({
      status: 'pending',
      attempts: 1,
      last_error: 'HTTP 503',
      executed_at: null,
    });
    expect(waiting?.due_at.getTime()).toBe(nextAttemptMs);
    expect((await claim()).rows).toEqual([]);

    await database.query('UPDATE timers SET next_attempt_at = now()');
    await settleFailed(database.db, [
      failedAttempt(await claimOne(), { nextAttemptMs: null, error: 'HTTP 410', statusCode: 410 }),
    ]);
    expect(await findTimer(database.db, id)).toMatchObject({
      status: 'failed',
      attempts: 2,
      last_error: 'HTTP 410',
    });
    expect(await listAttempts(database.db, id)).toMatchObject([
      { number: 1, status_code: 503, error: 'HTTP 503' },
      { number: 2, status_code: 410, error: 'HTTP 410' },
    ]);
  });

  test('counts no attempt if nothing was sent', async () => {
    const id = await storeDue();
    await settleFailed(database.db, [
      failedAttempt(await claimOne(), { startedMs: null, nextAttemptMs: null, error: 'unreadable' }),
    ]);
    expect(await findTimer(database.db, id)).toMatchObject({
      status: 'failed',
      attempts: 0,
      attempted_at: null,
    });
    expect(await listAttempts(database.db, id)).toEqual([]);
  });

  test('replaces U+0000 and lone surrogates in an error', async () => {
    const id = await storeDue();
    await settleFailed(database.db, [failedAttempt(await claimOne(), { error: 'a\u0000b\ud800c' })]);
    expect((await findTimer(database.db, id))?.last_error).toBe('a\ufffdb\ufffdc');
  });

  test('has no effect with the fencing token of an older claim', async () => {
    const id = await storeDue();
    const old = await claimOne();
    await releaseClaims(database.db, [{ id, fencingToken: old.fencingToken, notBeforeMs: null }]);
    const current = await claimOne();
    expect(current.fencingToken).toBe(old.fencingToken + 1);
    const now = Date.now();
    expect(
      await settleDelivered(database.db, [
        { id, fencingToken: old.fencingToken, startedMs: now, finishedMs: now },
      ]),
    ).toEqual(new Set());
    expect(await settleFailed(database.db, [failedAttempt(old)])).toEqual(new Set());
    expect(
      await releaseClaims(database.db, [{ id, fencingToken: old.fencingToken, notBeforeMs: null }]),
    ).toBe(0);
    expect(await statusOf(id)).toBe('executing');
    // Control: with the current fencing token it has.
    expect(
      await settleDelivered(database.db, [
        { id, fencingToken: current.fencingToken, startedMs: now, finishedMs: now },
      ]),
    ).toEqual(new Set([id]));
    expect(
      await settleDelivered(database.db, [
        { id, fencingToken: current.fencingToken, startedMs: now, finishedMs: now },
      ]),
    ).toEqual(new Set());
  });

  test('releasing uses no attempt, and keeps the due instant unless given another', async () => {
    const id = await storeDue();
    const before = await findTimer(database.db, id);
    await releaseClaims(database.db, [
      { id, fencingToken: (await claimOne()).fencingToken, notBeforeMs: null },
    ]);
    expect(await findTimer(database.db, id)).toMatchObject({
      status: 'pending',
      attempts: 0,
      due_at: before?.due_at,
    });
    const notBeforeMs = Date.now() + 5_000;
    await releaseClaims(database.db, [{ id, fencingToken: (await claimOne()).fencingToken, notBeforeMs }]);
    expect((await findTimer(database.db, id))?.due_at.getTime()).toBe(notBeforeMs);
  });

  test('a canceled timer cannot be claimed, and a claimed timer cannot be canceled', async () => {
    const id = await storeDue();
    const timer = await claimOne();
    expect(await cancelTimer(database.db, id)).toEqual({ outcome: 'wrong-state', status: 'executing' });
    await releaseClaims(database.db, [{ id, fencingToken: timer.fencingToken, notBeforeMs: null }]);
    expect((await cancelTimer(database.db, id)).outcome).toBe('changed');
    expect((await claim()).rows).toEqual([]);
  });
});

describe('rescue', () => {
  async function expireLease(id: string): Promise<void> {
    await database.query(
      `UPDATE dispatchers SET heartbeat_at = now() - interval '11 seconds' WHERE id = $1`,
      [id],
    );
  }

  test('returns the timers of a dispatcher whose lease has expired, without using an attempt', async () => {
    const id = await storeDue();
    await claimOne();
    expect(await removeExpiredLeases(database.db, 10_000)).toBe(0);
    expect(await rescueLostClaims(database.db, RULES)).toEqual({ returned: 0, failed: 0 });
    await expireLease(dispatcherId);
    expect(await removeExpiredLeases(database.db, 10_000)).toBe(1);
    expect(await rescueLostClaims(database.db, RULES)).toEqual({ returned: 1, failed: 0 });
    expect(await findTimer(database.db, id)).toMatchObject({ status: 'pending', attempts: 0 });
    expect(await renewLease(database.db, dispatcherId)).toBeUndefined();
  });

  test('fails a timer after too many lost claims in a row', async () => {
    const id = await storeDue();
    for (let lost = 1; lost <= RULES.maxLostClaims; lost += 1) {
      await acquireLease(database.db, dispatcherId, 'test');
      await claimOne();
      await giveUpLease(database.db, dispatcherId);
      expect(await rescueLostClaims(database.db, RULES)).toEqual(
        lost < RULES.maxLostClaims ? { returned: 1, failed: 0 } : { returned: 0, failed: 1 },
      );
    }
    expect(await findTimer(database.db, id)).toMatchObject({
      status: 'failed',
      last_error: 'given up: 3 dispatchers in a row lost their lease while they held this timer',
    });
  });

  test('counts lost claims from zero again after a settled attempt', async () => {
    await storeDue();
    for (const settles of [false, true, false]) {
      await acquireLease(database.db, dispatcherId, 'test');
      const timer = await claimOne();
      if (settles) await settleFailed(database.db, [failedAttempt(timer)]);
      await giveUpLease(database.db, dispatcherId);
      await rescueLostClaims(database.db, { ...RULES, maxLostClaims: 2 });
    }
    const { rows } = await database.query('SELECT status, lost_claims FROM timers');
    expect(rows).toEqual([{ status: 'pending', lost_claims: 1 }]);
  });

  test('returns timers that the first service left executing, after some minutes', async () => {
    const id = await storeDue();
    await database.query('ALTER TABLE timers DISABLE TRIGGER update_timers_updated_at');
    await database.query(`UPDATE timers SET status = 'executing', updated_at = now() - interval '4 minutes'`);
    expect((await rescueLostClaims(database.db, RULES)).returned).toBe(0);
    await database.query(`UPDATE timers SET updated_at = now() - interval '6 minutes'`);
    await database.query('ALTER TABLE timers ENABLE TRIGGER update_timers_updated_at');
    expect((await rescueLostClaims(database.db, RULES)).returned).toBe(1);
    expect(await statusOf(id)).toBe('pending');
  });
});

test('oldestDueAge returns how long the oldest due timer has waited', async () => {
  expect(await oldestDueAge(database.db)).toBe(0);
  await storeDue(-60_000);
  expect(await oldestDueAge(database.db)).toBe(0);
  await storeDue(7_000);
  expect(await oldestDueAge(database.db)).toBeGreaterThanOrEqual(7_000);
});

test('the queries of claims and rescues use the partial indexes', async () => {
  const now = Date.now();
  await timers.createMany(
    Array.from({ length: 5_000 }, (_, n) => ({
      status: 'completed',
      execute_at: new Date(now + n * 1_000),
    })),
  );
  await database.query('ANALYZE timers');
  const plan = async (sql: string) =>
    JSON.stringify((await database.query(`EXPLAIN (FORMAT JSON) ${sql}`)).rows);
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

describe('a generic plan made while no timer is executing', () => {
  const planOf = async (text: string): Promise<string> => {
    await database.query('ANALYZE timers');
    await database.query(`SET plan_cache_mode = force_generic_plan`);
    await database.query(
      `PREPARE settle (uuid[], integer[], double precision[], double precision[]) AS ${text}`,
    );
    const { rows } = await database.query("EXPLAIN (FORMAT JSON) EXECUTE settle ('{}', '{}', '{}', '{}')");
    await database.query('DEALLOCATE settle');
    await database.query('RESET plan_cache_mode');
    return JSON.stringify(rows);
  };

  beforeEach(async () => {
    const completed: TimerColumns = { status: 'completed', execute_at: new Date() };
    await timers.createMany(Array<TimerColumns>(20_000).fill(completed));
  });

  test('finds the timers by the primary key', async () => {
    const plan = await planOf(SETTLE_DELIVERED.text);
    expect(plan).toContain('timers_pkey');
    expect(plan).not.toContain('idx_timers_claimed_by');
  });

  test('control: without the concatenation it scans the index of executing timers', async () => {
    const plain = SETTLE_DELIVERED.text.replace(IS_EXECUTING, `timers.status = 'executing'`);
    expect(await planOf(plain)).toContain('idx_timers_claimed_by');
  });
});
