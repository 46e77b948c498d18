import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { type TimerColumns, timerFactory } from '@timer-platform/test-support';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { connect } from '../connect.ts';
import { IS_PENDING } from '../state-guards.ts';
import { cancelTimer } from '../timers/change-timer.ts';
import { findTimer } from '../timers/find-timer.ts';
import { listAttempts } from '../timers/list-attempts.ts';
import { finishBatches, listBatches, releaseBatches, shrinkBatches } from './claim-batches.ts';
import { claimDueSuspects, claimDueTimers, type ClaimedRow, type ClaimRange } from './claim-due-timers.ts';
import { acquireLease, expireLeases, giveUpLease, renewLease } from './leases.ts';
import { oldestDueAge } from './oldest-due.ts';
import { releaseClaims } from './release-claims.ts';
import { rescueLostClaims } from './rescue-lost-claims.ts';
import { SETTLE_DELIVERED, settleDelivered } from './settle-delivered.ts';
import { type FailedAttempt, settleFailed } from './settle-failed.ts';

const database = withTestDatabase({
  open: (url, onIdleError) =>
    connect({ url, applicationName: 'dispatch-statements.test', poolSize: 8, onIdleError }),
});
const timers = timerFactory(database.query);
const dispatcherId = randomUUID();

const RULES = { maxLostClaims: 5, suspectDelayMs: 0, unownedMs: 300_000 };

beforeEach(async () => {
  await database.query('TRUNCATE timers, dispatchers, claim_batches, timer_attempts CASCADE');
  await acquireLease(database.db, dispatcherId, 'test');
});

/** Stores a timer that has been due for this long; negative: that is due in this time. */
function storeDue(agoMs = 1_000): Promise<string> {
  return timers.create({ execute_at: new Date(Date.now() - agoMs) });
}

const NOTHING: ClaimRange = { fromMs: Infinity, toMs: -Infinity, limit: 0 };
const ANY: ClaimRange = { fromMs: -Infinity, toMs: Infinity, limit: 100 };

async function claim(more: Partial<Parameters<typeof claimDueTimers>[1]> = {}) {
  const request = {
    dispatcherId,
    lookAheadMs: 0,
    recent: ANY,
    backlog: NOTHING,
    maxBytes: 1_000_000,
    ...more,
  };
  const result = await claimDueTimers(database.db, request);
  if (result === undefined) throw new Error('the lease is lost');
  return result;
}

async function claimOne(): Promise<ClaimedRow> {
  const [timer] = (await claim()).rows;
  if (timer === undefined) throw new Error('no timer is due');
  return timer;
}

function failedAttempt(timer: ClaimedRow, more: Partial<FailedAttempt> = {}): FailedAttempt {
  const { id, batchId, fencingToken, dueMs } = timer;
  const now = Date.now();
  return {
    id,
    batchId,
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

function delivered({ id, batchId, fencingToken }: ClaimedRow, startedMs = Date.now()) {
  return [{ id, batchId, fencingToken, startedMs, finishedMs: startedMs + 15 }];
}

function release(
  { id, batchId, fencingToken }: ClaimedRow,
  notBeforeMs: number | null = null,
): Promise<number> {
  return releaseClaims(database.db, dispatcherId, [
    { id, batchId, fencingToken, notBeforeMs, reason: null, pausedFor: null },
  ]);
}

async function statusOf(id: string): Promise<string | undefined> {
  return (await findTimer(database.db, id))?.status;
}

describe('claimDueTimers', () => {
  test('claims only due timers, in the order in which they are due', async () => {
    const later = await storeDue(1_000);
    const sooner = await storeDue(5_000);
    await storeDue(-60_000);
    const { rows, nextDueMs, nowMs } = await claim();
    expect(rows.map(({ id }) => id)).toEqual([sooner, later]);
    expect((nextDueMs ?? 0) - nowMs).toBeGreaterThan(50_000);
    expect(await statusOf(later)).toBe('executing');
    expect((await claim()).rows).toEqual([]);
  });

  test('claims timers between the start of a range and the look-ahead', async () => {
    await storeDue(-30_000);
    const overdue = await storeDue(60_000);
    const recent = { ...ANY, fromMs: Date.now() - 1_000 };
    expect((await claim({ lookAheadMs: 20_000, recent })).rows).toEqual([]);
    expect((await claim({ lookAheadMs: 40_000, recent })).rows).toHaveLength(1);
    expect((await claim()).rows.map(({ id }) => id)).toEqual([overdue]);
  });

  test('claims in both ranges at once, each up to its limit, and a timer of both once', async () => {
    const recent = { fromMs: Date.now() - 5_000, toMs: Infinity, limit: 2 };
    const backlog = { ...ANY, limit: 3 };
    for (let i = 0; i < 4; i += 1) await storeDue(1_000);
    for (let i = 0; i < 4; i += 1) await storeDue(60_000);
    const first = await claim({ recent, backlog });
    expect(first.rows.map(({ range }) => range)).toEqual([
      'backlog',
      'backlog',
      'backlog',
      'recent',
      'recent',
    ]);
    expect(first).toMatchObject({ recent: { more: true }, backlog: { more: true }, nextDueMs: null });
    const second = await claim({ recent, backlog });
    expect(second.rows.map(({ range }) => range)).toEqual(['backlog', 'recent', 'recent']);
    expect(second.backlog).toEqual({ more: false, reachedMs: second.rows[0]?.dueMs });
    expect((await claim({ recent, backlog })).rows).toEqual([]);
  });

  test('ends a range at its bytes, but claims one timer whatever its size', async () => {
    const payload = 'x'.repeat(1_000);
    for (let i = 0; i < 3; i += 1)
      await timers.create({
        execute_at: new Date(Date.now() - 5_000 + i),
        callback_config: { type: 'http', url: 'http://x/', payload },
      });
    const first = await claim({ maxBytes: 2_500 });
    expect(first.rows).toHaveLength(2);
    expect(first.recent).toEqual({ more: true, reachedMs: first.rows[1]?.dueMs });
    expect(first.rows[0]?.bytes).toBeGreaterThan(1_000);
    expect((await claim({ maxBytes: 10 })).rows).toHaveLength(1);
  });

  test('measures rows that have no size yet', async () => {
    await storeDue();
    await database.query('UPDATE timers SET callback_bytes = NULL');
    expect((await claimOne()).bytes).toBeGreaterThan(20);
  });

  test('polls up to the look-ahead from the start of the statement, not from its end', async () => {
    const before = Date.now();
    const { polledUpToMs, nowMs } = await claim({ lookAheadMs: 250 });
    expect(polledUpToMs).toBeGreaterThanOrEqual(before + 250);
    expect(polledUpToMs).toBeLessThanOrEqual(nowMs + 250);
  });

  test('writes no row version of the timers', async () => {
    await storeDue();
    const version = async () => (await database.query('SELECT ctid, claims FROM timers')).rows;
    const before = await version();
    await claimOne();
    expect(await version()).toEqual(before);
  });

  test('is durable although synchronous_commit is off', async () => {
    // The trigger runs in the transaction of the claim.
    await database.query(
      `CREATE TABLE seen (setting text);
       CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN INSERT INTO seen VALUES (current_setting('synchronous_commit')); RETURN NEW; END $$;
       CREATE TRIGGER see BEFORE INSERT ON claim_batches FOR EACH ROW EXECUTE FUNCTION see();
       ALTER DATABASE ${database.name} SET synchronous_commit = off`,
    );
    const lax = connect({
      url: database.url,
      applicationName: 'lax',
      poolSize: 1,
      onIdleError: () => undefined,
    });
    await storeDue();
    await claimDueTimers(lax, {
      dispatcherId,
      lookAheadMs: 0,
      recent: ANY,
      backlog: NOTHING,
      maxBytes: 1_000,
    });
    await lax.close();
    expect((await database.query('SELECT setting FROM seen')).rows).toEqual([{ setting: 'on' }]);
    await database.query(
      `DROP TRIGGER see ON claim_batches; DROP FUNCTION see; DROP TABLE seen;
       ALTER DATABASE ${database.name} RESET synchronous_commit`,
    );
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
    expect(JSON.parse(timer.callbackConfig)).toEqual({ type: 'http', url: 'http://x/' });
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
    await expect(claim()).rejects.toThrow('the lease is lost');
    expect(await claimDueSuspects(database.db, dispatcherId)).toEqual([]);
    expect(await statusOf(id)).toBe('pending');
  });

  test('twenty concurrent claims do not claim a timer twice', async () => {
    const due: TimerColumns = { execute_at: new Date(Date.now() - 1_000) };
    await timers.createMany(Array<TimerColumns>(200).fill(due));
    const claims = await Promise.all(
      Array.from({ length: 20 }, () => claim({ recent: { ...ANY, limit: 10 } })),
    );
    const ids = claims.flatMap(({ rows }) => rows.map(({ id }) => id));
    expect(new Set(ids).size).toBe(ids.length);
    // SKIP LOCKED may leave some for the next poll, but must not lose them.
    const rest = await claim({ recent: { ...ANY, limit: 1_000 } });
    expect(ids.length + rest.rows.length).toBe(200);
  });
});

describe('settling', () => {
  test('completes the timer of a delivered attempt, with its instants', async () => {
    const id = await storeDue();
    const timer = await claimOne();
    const startedMs = Date.now() - 20;
    expect(await settleDelivered(database.db, dispatcherId, delivered(timer, startedMs))).toBe(1);
    const row = await findTimer(database.db, id);
    expect(row).toMatchObject({ status: 'completed', attempts: 1, last_error: null });
    expect(row?.attempted_at).toEqual(new Date(startedMs));
    expect(row?.executed_at).toEqual(new Date(startedMs + 15));
    expect(await listAttempts(database.db, id)).toMatchObject([{ number: 1, error: null }]);
  });

  test('returns the timer of a failed attempt to pending until the next attempt, or fails it', async () => {
    const id = await storeDue();
    const nextAttemptMs = Date.now() + 60_000;
    await settleFailed(database.db, dispatcherId, [failedAttempt(await claimOne(), { nextAttemptMs })]);
    const waiting = await findTimer(database.db, id);
    expect(waiting).toMatchObject({
      status: 'pending',
      attempts: 1,
      last_error: 'HTTP 503',
      executed_at: null,
    });
    expect(waiting?.due_at).toEqual(new Date(nextAttemptMs));
    expect((await claim()).rows).toEqual([]);

    await database.query('UPDATE timers SET next_attempt_at = now()');
    await settleFailed(database.db, dispatcherId, [
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
    await settleFailed(database.db, dispatcherId, [
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
    const attempt = failedAttempt(await claimOne(), { error: 'a\u0000b\ud800c' });
    await settleFailed(database.db, dispatcherId, [attempt]);
    expect((await findTimer(database.db, id))?.last_error).toBe('a\ufffdb\ufffdc');
  });

  test('has no effect with the fencing token of an older claim', async () => {
    const id = await storeDue();
    const old = await claimOne();
    await release(old);
    const current = await claimOne();
    expect(current.fencingToken).toBe(old.fencingToken + 1);
    expect(await settleDelivered(database.db, dispatcherId, delivered(old))).toBe(0);
    expect(await settleFailed(database.db, dispatcherId, [failedAttempt(old)])).toBe(0);
    expect(await release(old)).toBe(0);
    expect(await statusOf(id)).toBe('executing');
    // Control: with the current fencing token it has.
    expect(await settleDelivered(database.db, dispatcherId, delivered(current))).toBe(1);
    expect(await settleDelivered(database.db, dispatcherId, delivered(current))).toBe(0);
  });

  test('has no effect for another dispatcher that claimed with the same fencing token', async () => {
    const id = await storeDue();
    const lost = await claimOne();
    // As after a failover to a server that had not received the claim.
    await database.query('DELETE FROM claim_batches');
    const other = randomUUID();
    await acquireLease(database.db, other, 'other');
    const current = (await claim({ dispatcherId: other })).rows[0];
    expect(current).toMatchObject({ id, fencingToken: lost.fencingToken });
    expect(await settleDelivered(database.db, dispatcherId, delivered(lost))).toBe(0);
    if (current === undefined) throw new Error('not claimed');
    // Even if the number of its batch was given again.
    const sameBatch = { ...lost, batchId: current.batchId };
    expect(await settleDelivered(database.db, dispatcherId, delivered(sameBatch))).toBe(0);
    expect(await settleDelivered(database.db, other, delivered(current))).toBe(1);
  });

  test('releasing uses no attempt, and keeps the due instant unless given another', async () => {
    const id = await storeDue();
    const before = await findTimer(database.db, id);
    await release(await claimOne());
    expect(await findTimer(database.db, id)).toMatchObject({
      status: 'pending',
      attempts: 0,
      due_at: before?.due_at,
    });
    const again = await claimOne();
    expect(again.attemptNumber).toBe(1);
    await release(again, Date.now() + 5_000);
    expect((await claim()).rows).toEqual([]);
  });

  test('instants that are that of the timer are not repeated', async () => {
    const id = await storeDue();
    expect(await claimOne()).toMatchObject({ id, dueSinceMs: null, retryFromMs: null });
  });

  test('attempts of a retried timer count from its first due instant', async () => {
    await storeDue();
    const timer = await claimOne();
    const dueMs = Date.now() - 1_000;
    await settleFailed(database.db, dispatcherId, [failedAttempt(timer, { nextAttemptMs: dueMs })]);
    expect(await claimOne()).toMatchObject({ dueMs, dueSinceMs: null, retryFromMs: timer.dueMs });
  });

  test('a timer that was released with a delay is still due since its first instant', async () => {
    const id = await storeDue(7_000);
    const before = await findTimer(database.db, id);
    for (let i = 0; i < 2; i += 1) await release(await claimOne(), Date.now() - 10);
    expect((await findTimer(database.db, id))?.due_at).toEqual(before?.due_at);
    const timer = await claimOne();
    expect(timer.dueSinceMs).toBe(Number(before?.due_at));
    expect(timer.dueMs).toBeGreaterThan(Number(before?.due_at));
    await release(timer, Date.now() + 60_000);
    expect(await oldestDueAge(database.db)).toBeGreaterThanOrEqual(7_000);
  });

  test('a canceled timer cannot be claimed, and a claimed timer cannot be canceled', async () => {
    const id = await storeDue();
    const timer = await claimOne();
    expect(await cancelTimer(database.db, id)).toEqual({ outcome: 'wrong-state', status: 'executing' });
    await release(timer);
    expect((await cancelTimer(database.db, id)).outcome).toBe('changed');
    expect((await claim()).rows).toEqual([]);
  });
});

describe('batches', () => {
  test('a finished batch is deleted, by its own dispatcher alone', async () => {
    await storeDue();
    const timer = await claimOne();
    await settleDelivered(database.db, dispatcherId, delivered(timer));
    await finishBatches(database.db, randomUUID(), [timer.batchId]);
    expect(await listBatches(database.db, dispatcherId)).toEqual([timer.batchId]);
    await finishBatches(database.db, dispatcherId, [timer.batchId]);
    expect(await listBatches(database.db, dispatcherId)).toEqual([]);
  });

  test('a batch shrinks to the claims that go on', async () => {
    await Promise.all([storeDue(), storeDue()]);
    const [ended, other] = (await claim()).rows;
    if (ended === undefined || other === undefined) throw new Error('not claimed');
    await release(ended);
    await shrinkBatches(database.db, dispatcherId, [{ batchId: other.batchId, claims: [other] }]);
    expect(await statusOf(other.id)).toBe('executing');
    expect((await claim()).rows.map(({ id }) => id)).toEqual([ended.id]);
    expect(await settleDelivered(database.db, dispatcherId, delivered(other))).toBe(1);
  });

  test('releasing a batch ends the claims in it that have not ended', async () => {
    await Promise.all([storeDue(), storeDue()]);
    const [ended, open] = (await claim()).rows;
    if (ended === undefined || open === undefined) throw new Error('not claimed');
    await settleDelivered(database.db, dispatcherId, delivered(ended));
    expect(await releaseBatches(database.db, dispatcherId, [open.batchId])).toBe(1);
    expect(await statusOf(open.id)).toBe('pending');
    expect(await statusOf(ended.id)).toBe('completed');
    expect(await settleDelivered(database.db, dispatcherId, delivered(open))).toBe(0);
  });
});

describe('leases', () => {
  test('a renewal returns the other dispatchers with their heartbeats', async () => {
    const other = randomUUID();
    await acquireLease(database.db, other, 'other');
    await renewLease(database.db, other);
    const renewed = await renewLease(database.db, dispatcherId);
    expect(renewed?.peers).toEqual([{ id: other, heartbeats: 1 }]);
  });

  test('a lease expires only if it was not renewed in the meantime', async () => {
    const seen = [{ id: dispatcherId, heartbeats: 0 }];
    await renewLease(database.db, dispatcherId);
    expect(await expireLeases(database.db, seen)).toBe(0);
    expect(await expireLeases(database.db, [{ id: dispatcherId, heartbeats: 1 }])).toBe(1);
    expect(await renewLease(database.db, dispatcherId)).toBeUndefined();
  });
});

describe('rescue', () => {
  async function loseLease(): Promise<void> {
    await giveUpLease(database.db, dispatcherId);
    await rescueLostClaims(database.db, RULES);
    await acquireLease(database.db, dispatcherId, 'test');
  }

  test('returns the timers of a removed dispatcher, without using an attempt', async () => {
    const id = await storeDue();
    await claimOne();
    expect(await rescueLostClaims(database.db, RULES)).toEqual({ returned: 0, failed: 0 });
    await giveUpLease(database.db, dispatcherId);
    expect(await statusOf(id)).toBe('executing');
    expect(await rescueLostClaims(database.db, RULES)).toEqual({ returned: 1, failed: 0 });
    expect(await findTimer(database.db, id)).toMatchObject({ status: 'pending', attempts: 0 });
    await acquireLease(database.db, dispatcherId, 'test');
    expect(await claimOne()).toMatchObject({ id, attempts: 0, attemptNumber: 1 });
  });

  test('does not touch timers whose claim has ended', async () => {
    const id = await storeDue();
    await release(await claimOne());
    await loseLease();
    const { rows } = await database.query('SELECT lost_claims FROM timers WHERE id = $1', [id]);
    expect(rows).toEqual([{ lost_claims: 0 }]);
  });

  test('timers that have lost two claims in a row are claimed a few at once, apart from others', async () => {
    await Promise.all(Array.from({ length: 9 }, () => storeDue()));
    for (let i = 0; i < 2; i += 1) {
      expect((await claim()).rows).toHaveLength(9);
      await loseLease();
    }
    expect(await claim()).toMatchObject({ rows: [], suspects: true });
    const suspects = await claimDueSuspects(database.db, dispatcherId);
    expect(suspects.map(({ range }) => range)).toEqual(Array.from({ length: 8 }, () => 'suspect'));
    expect(await claimDueSuspects(database.db, dispatcherId)).toHaveLength(1);
    expect(await claimDueSuspects(database.db, dispatcherId)).toEqual([]);
  });

  test('a timer that has lost three claims in a row is claimed alone', async () => {
    await Promise.all([storeDue(), storeDue()]);
    await database.query('UPDATE timers SET lost_claims = 3');
    const [suspect] = await claimDueSuspects(database.db, dispatcherId);
    if (suspect === undefined) throw new Error('not claimed');
    expect(await settleDelivered(database.db, dispatcherId, delivered(suspect))).toBe(1);
    expect(await claimDueSuspects(database.db, dispatcherId)).toHaveLength(1);
    expect(await claimDueSuspects(database.db, dispatcherId)).toEqual([]);
    expect((await claim()).suspects).toBe(true);
  });

  test('a suspect comes back later each time, and fails in the end', async () => {
    const id = await storeDue();
    await database.query('UPDATE timers SET lost_claims = 2');
    const waits: number[] = [];
    for (let lost = 3; lost <= 5; lost += 1) {
      expect(await claimDueSuspects(database.db, dispatcherId)).toHaveLength(1);
      await giveUpLease(database.db, dispatcherId);
      await rescueLostClaims(database.db, { ...RULES, suspectDelayMs: 10_000 });
      await acquireLease(database.db, dispatcherId, 'test');
      const { rows } = await database.query<{ wait: number }>(
        'SELECT round(extract(epoch FROM next_attempt_at - updated_at))::integer AS wait FROM timers',
      );
      waits.push(rows[0]?.wait ?? 0);
      await database.query(
        "UPDATE timers SET next_attempt_at = now() - interval '1 s' WHERE status = 'pending'",
      );
    }
    expect(waits.slice(0, 2)).toEqual([20, 40]);
    expect(await findTimer(database.db, id)).toMatchObject({
      status: 'failed',
      last_error: 'given up: 5 dispatchers in a row were lost while they held this timer',
    });
  });

  test('counts lost claims from zero again after a settled attempt', async () => {
    await storeDue();
    for (const settles of [false, true, false]) {
      const timer = await claimOne();
      if (settles) await settleFailed(database.db, dispatcherId, [failedAttempt(timer)]);
      await loseLease();
    }
    const { rows } = await database.query('SELECT status, lost_claims FROM timers');
    expect(rows).toEqual([{ status: 'pending', lost_claims: 1 }]);
  });

  test('returns timers that the first service left executing, after some minutes', async () => {
    const id = await storeDue();
    await database.query(`UPDATE timers SET status = 'executing', updated_at = now() - interval '4 minutes'`);
    expect((await rescueLostClaims(database.db, RULES)).returned).toBe(0);
    await database.query(`UPDATE timers SET updated_at = now() - interval '6 minutes'`);
    expect((await rescueLostClaims(database.db, RULES)).returned).toBe(1);
    expect(await statusOf(id)).toBe('pending');
  });
});

test('oldestDueAge returns how long the oldest due timer has waited, claimed ones apart', async () => {
  expect(await oldestDueAge(database.db)).toBe(0);
  await storeDue(-60_000);
  expect(await oldestDueAge(database.db)).toBe(0);
  await storeDue(60_000);
  await claimOne();
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
  expect(await plan(`SELECT id FROM timers WHERE status = 'executing' AND updated_at < now()`)).toContain(
    'idx_timers_executing',
  );
});

describe('a generic plan made while no timer is pending', () => {
  const planOf = async (text: string): Promise<string> => {
    await database.query('ANALYZE timers');
    await database.query(`SET plan_cache_mode = force_generic_plan`);
    await database.query(
      `PREPARE settle (uuid, uuid[], bigint[], integer[], double precision[], double precision[]) AS ${text}`,
    );
    const { rows } = await database.query(
      `EXPLAIN (FORMAT JSON) EXECUTE settle ('${randomUUID()}', '{}', '{}', '{}', '{}', '{}')`,
    );
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
    expect(plan).not.toMatch(/idx_timers_(due|suspects|deferred)/);
  });

  test('control: without the concatenation it scans an index of pending timers', async () => {
    const plain = SETTLE_DELIVERED.text.replace(IS_PENDING, `timers.status = 'pending'`);
    expect(await planOf(plain)).toMatch(/idx_timers_(due|suspects|deferred)/);
  });
});
