import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { timerFactory } from '@timer-platform/test-support';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { connect } from '../connect.ts';
import { claimDueTimers } from '../dispatch/claim-due-timers.ts';
import { acquireLease } from '../dispatch/leases.ts';
import { settleDelivered } from '../dispatch/settle-delivered.ts';
import { AMPLE, bulk } from '../testing/bulk.ts';
import { runTimer } from '../timers/change-timer.ts';
import type { TimerFilter } from '../timers/timer-conditions.ts';
import { listActions } from './operator-actions.ts';
import { pruneActions } from './prune-actions.ts';
import { undoAction } from './undo-action.ts';

const database = withTestDatabase({
  open: (url, onIdleError) =>
    connect({ url, applicationName: 'bulk-change.test', poolSize: 12, onIdleError }),
});
const timers = timerFactory(database.query);
const HOUR_MS = 3_600_000;

beforeEach(async () => {
  await database.query('TRUNCATE timers, claim_batches, dispatchers, operator_actions CASCADE');
});

const pending = (count: number, fields: object = {}): Promise<string[]> =>
  timers.createMany(Array.from({ length: count }, () => fields));

interface Row {
  readonly id: string;
  readonly status: string;
  readonly execute_at: Date;
  readonly next_attempt_at: Date | number | null;
  readonly due_since: Date | null;
  readonly paused_for: string | null;
  readonly revision: number;
}

async function rowsOf(ids: readonly string[]): Promise<Row[]> {
  const { rows } = await database.query<Row>(
    `SELECT id, status, execute_at, next_attempt_at, due_since, paused_for, revision
     FROM unnest($1::uuid[]) WITH ORDINALITY AS asked (id, n) JOIN timers USING (id) ORDER BY n`,
    [ids],
  );
  return rows;
}

const statesOf = async (ids: readonly string[]): Promise<string[]> =>
  (await rowsOf(ids)).map(({ status }) => status);

/** Timers that a dispatcher has claimed, and those that wait for a paused destination. */
async function claimAll(): Promise<string> {
  const dispatcherId = randomUUID();
  await acquireLease(database.db, dispatcherId, 'test');
  const none = { fromMs: -Infinity, toMs: Infinity, limit: 0 };
  await claimDueTimers(database.db, {
    ...{ dispatcherId, lookAheadMs: 1_000, maxBytes: 1e9, backlog: none },
    recent: { fromMs: -Infinity, toMs: Infinity, limit: 1_000 },
  });
  return dispatcherId;
}

const PAST = { execute_at: '2026-01-01T00:00:00Z' };

describe('a bulk change', () => {
  test('cancels what matches, records it once, and leaves the rest', async () => {
    const matching = await pending(2_500, { metadata: { team: 'billing', n: 1 } });
    const others = await pending(3, { metadata: { team: 'shop' } });
    const filter = { metadata: '{"team":"billing"}' };
    expect(await bulk(database.db, 'cancel_timers', filter, { limit: 10_000 })).toEqual({
      matched: 2_500,
      changed: 2_500,
      reached: undefined,
    });
    expect(new Set(await statesOf(matching))).toEqual(new Set(['canceled']));
    expect(await statesOf(others)).toEqual(['pending', 'pending', 'pending']);
    const { actions } = await listActions(database.db, 10);
    expect(actions).toEqual([
      expect.objectContaining({ action: 'cancel_timers', client: 'tests', affected: 2_500, undoable: true }),
    ]);
  });

  test('continues one action at its position, up to the limit of each request', async () => {
    await pending(25);
    const id = randomUUID();
    const first = await bulk(database.db, 'cancel_timers', {}, { limit: 10, id });
    expect(first).toMatchObject({ matched: 10, changed: 10, reached: { id: expect.any(String) } });
    expect(await bulk(database.db, 'cancel_timers', {}, { limit: 100, id })).toMatchObject({ changed: 15 });
    expect((await listActions(database.db, 10)).actions).toMatchObject([{ id, affected: 25 }]);
  });

  test.each(['cancel_timers', 'run_timers'] as const)('%s leaves claimed timers alone', async (action) => {
    const claimed = await pending(3, PAST);
    await claimAll();
    const free = await pending(2);
    expect(await bulk(database.db, action)).toMatchObject({ matched: 5, changed: 2 });
    expect(new Set(await statesOf(claimed))).toEqual(new Set(['pending']));
    expect(await statesOf(free)).toEqual(
      action === 'cancel_timers' ? ['canceled', 'canceled'] : ['pending', 'pending'],
    );
  });

  test('clears the pause of a timer that waits for a paused destination', async () => {
    const parked = { ...PAST, next_attempt_at: 'infinity', due_since: PAST.execute_at };
    const ids = await pending(3, parked);
    await database.query(`UPDATE timers SET paused_for = 'http://receiver.test'`);
    const due: TimerFilter = { dueBefore: '2026-02-01T00:00:00Z' };
    expect(await bulk(database.db, 'run_timers', due)).toMatchObject({ changed: 3 });
    for (const row of await rowsOf(ids))
      expect(row).toMatchObject({ paused_for: null, due_since: null, next_attempt_at: expect.any(Date) });
  });

  test('leaves a timer alone that stopped matching after it was found', async () => {
    const [id = ''] = await pending(1, { metadata: { a: 1 } });
    const changes = ['cancel_timers', 'run_timers'].map((action) =>
      bulk(database.db, action as 'cancel_timers', { metadata: '{"a":2}' }),
    );
    await Promise.all(changes);
    expect(await statesOf([id])).toEqual(['pending']);
  });
});

describe('a reschedule', () => {
  const to = (fields: object) => ({ action: 'reschedule_timers', to: fields }) as const;

  test('moves timers to an instant, spread evenly over a time', async () => {
    const ids = await pending(100);
    const executeAt = '2099-01-01T00:00:00.000Z';
    await bulk(database.db, to({ executeAt, spreadMs: 100_000 }));
    const offsets = (await rowsOf(ids))
      .map(({ execute_at }) => execute_at.getTime() - Date.parse(executeAt))
      .sort((a, b) => a - b);
    expect(offsets[0]).toBeGreaterThanOrEqual(0);
    expect(offsets.at(-1)).toBeLessThanOrEqual(100_000);
    // Evenly: no gap is three times the average.
    const gaps = offsets.slice(1).map((offset, index) => offset - (offsets[index] ?? 0));
    expect(Math.max(...gaps)).toBeLessThan(3_000);
  });

  test('shifts each timer from when it is due, once, and never before now', async () => {
    const [later = '', soon = '', never = ''] = await timers.createMany([
      { execute_at: '2099-01-01T00:00:00Z' },
      { execute_at: new Date(Date.now() + HOUR_MS) },
      { execute_at: 'infinity', created_at: new Date() },
    ]);
    const id = randomUUID();
    expect(await bulk(database.db, to({ shiftMs: -2 * HOUR_MS }), {}, { id })).toMatchObject({
      matched: 3,
      changed: 2,
    });
    expect(await bulk(database.db, to({ shiftMs: -2 * HOUR_MS }), {}, { id })).toMatchObject({ changed: 0 });
    const [first, second] = await rowsOf([later, soon, never]);
    expect(first?.execute_at).toEqual(new Date('2098-12-31T22:00:00Z'));
    expect(Math.abs((second?.execute_at.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);
  });

  test('leaves timers alone that would expire before they are due', async () => {
    const [id = ''] = await pending(1, { expires_at: new Date(Date.now() + 2 * HOUR_MS) });
    expect(await bulk(database.db, to({ delayMs: 3 * HOUR_MS }))).toMatchObject({ matched: 1, changed: 0 });
    expect(await bulk(database.db, to({ delayMs: HOUR_MS }))).toMatchObject({ changed: 1 });
    expect(await statesOf([id])).toEqual(['pending']);
  });
});

describe('an undo', () => {
  test('restores canceled timers that nobody has changed and whose key is free', async () => {
    const ids = await pending(1_500);
    const [deleted = '', used = ''] = ids;
    await database.query(`UPDATE timers SET client = 'a', key = 'k' WHERE id = $1`, [used]);
    const id = randomUUID();
    await bulk(database.db, 'cancel_timers', {}, { id, limit: 10_000 });
    await database.query('DELETE FROM timers WHERE id = $1', [deleted]);
    const [other = ''] = await pending(1);
    await database.query(`UPDATE timers SET client = 'a', key = 'k' WHERE id = $1`, [other]);
    expect(await undoAction(database.db, id, 'me', AMPLE)).toMatchObject({
      ...{ outcome: 'undone', restored: 1_498, skipped: 2, more: false },
    });
    expect(await statesOf([used])).toEqual(['canceled']);
    expect(await undoAction(database.db, id, 'me', AMPLE)).toEqual({ outcome: 'already-undone' });
    const { actions } = await listActions(database.db, 10);
    expect(actions).toMatchObject([
      { action: 'undo', client: 'me', affected: 1_498, undo_of: id, undoable: false },
      { id, undoable: false, undone_at: expect.any(Date) },
    ]);
  });

  test('restores the instants of rescheduled timers, but not of those that were changed since', async () => {
    const [kept = '', changed = ''] = await timers.createMany([
      { execute_at: '2099-01-01T00:00:00Z', next_attempt_at: '2099-06-01T00:00:00Z', claims: 1 },
      { execute_at: '2099-01-01T00:00:00Z' },
    ]);
    const id = randomUUID();
    await bulk(database.db, { action: 'reschedule_timers', to: { delayMs: HOUR_MS } }, {}, { id });
    await runTimer(database.db, changed);
    expect(await undoAction(database.db, id, 'me', AMPLE)).toMatchObject({ restored: 1, skipped: 1 });
    const [row, other] = await rowsOf([kept, changed]);
    expect(row).toMatchObject({
      execute_at: new Date('2099-01-01T00:00:00Z'),
      next_attempt_at: new Date('2099-06-01T00:00:00Z'),
      revision: 2,
    });
    expect(other?.execute_at.getTime()).toBeLessThan(Date.parse('2098-01-01'));
  });

  test('ten undos at once restore each timer once', async () => {
    const ids = await pending(3_000);
    const id = randomUUID();
    await bulk(database.db, 'cancel_timers', {}, { id, limit: 10_000 });
    const results = await Promise.all(
      Array.from({ length: 10 }, () => undoAction(database.db, id, 'me', AMPLE)),
    );
    const restored = results.reduce(
      (sum, result) => sum + (result.outcome === 'undone' ? result.restored : 0),
      0,
    );
    expect(restored).toBe(3_000);
    expect(new Set(await statesOf(ids))).toEqual(new Set(['pending']));
  });

  test('continues after its budget was spent', async () => {
    await pending(2_500);
    const id = randomUUID();
    await bulk(database.db, 'cancel_timers', {}, { id, limit: 10_000 });
    const none = { ...AMPLE, ms: 0 };
    expect(await undoAction(database.db, id, 'me', none)).toMatchObject({ restored: 1_000, more: true });
    expect(await undoAction(database.db, id, 'me', AMPLE)).toMatchObject({ restored: 1_500, more: false });
  });

  test('is refused for what has run, for an unknown action, and after 24 hours', async () => {
    await pending(1);
    const run = randomUUID();
    await bulk(database.db, 'run_timers', {}, { id: run });
    expect(await undoAction(database.db, run, 'me', AMPLE)).toEqual({
      outcome: 'not-undoable',
      action: 'run_timers',
    });
    expect(await undoAction(database.db, randomUUID(), 'me', AMPLE)).toEqual({ outcome: 'not-found' });
    const cancel = randomUUID();
    await bulk(database.db, 'cancel_timers', {}, { id: cancel });
    await database.query(`UPDATE operator_actions SET at = at - interval '25 hours'`);
    expect(await undoAction(database.db, cancel, 'me', AMPLE)).toMatchObject({ outcome: 'not-undoable' });
  });
});

test('pruning deletes what an undo needed after 24 hours, and the entries after their retention', async () => {
  await pending(30);
  await bulk(database.db, 'cancel_timers');
  expect(await pruneActions(database.db, { olderThanMs: HOUR_MS, limit: 10 })).toMatchObject({ deleted: 0 });
  await database.query(`UPDATE operator_actions SET at = at - interval '25 hours'`);
  expect(await pruneActions(database.db, { olderThanMs: 100 * HOUR_MS, limit: 10 })).toEqual({
    ...{ deleted: 10, next: 'more' },
  });
  await pruneActions(database.db, { olderThanMs: 100 * HOUR_MS, limit: 100 });
  expect(await pruneActions(database.db, { olderThanMs: HOUR_MS, limit: 10 })).toEqual({
    ...{ deleted: 1, next: undefined },
  });
});

test('no timer is canceled and delivered while dispatchers claim, settle, and requests cancel, run and undo', async () => {
  const ids = await timers.createMany(
    Array.from({ length: 4_000 }, (_, n) => ({ ...PAST, metadata: { n: n % 4 } })),
  );
  const delivered: string[] = [];
  let claiming = true;
  const dispatch = async (): Promise<void> => {
    const dispatcherId = randomUUID();
    await acquireLease(database.db, dispatcherId, 'test');
    const none = { fromMs: -Infinity, toMs: Infinity, limit: 0 };
    while (claiming) {
      const claim = await claimDueTimers(database.db, {
        ...{ dispatcherId, lookAheadMs: 0, maxBytes: 1e9, backlog: none },
        recent: { fromMs: -Infinity, toMs: Infinity, limit: 60 },
      });
      const rows = claim?.rows ?? [];
      delivered.push(...rows.map(({ id }) => id));
      await settleDelivered(
        database.db,
        dispatcherId,
        rows.map(({ id, batchId, fencingToken, dueMs }) => ({
          ...{ id, batchId, fencingToken, startedMs: dueMs, finishedMs: dueMs },
        })),
      );
      if (rows.length === 0) claiming = false;
    }
  };
  const dispatching = [dispatch(), dispatch()];
  const changing = Array.from({ length: 4 }, async (_, n) => {
    for (let round = 0; round < 6; round += 1) {
      const id = randomUUID();
      const filter = { metadata: `{"n":${n}}` };
      await bulk(database.db, 'run_timers', filter, { limit: 50 });
      await bulk(database.db, 'cancel_timers', filter, { id, limit: 100 });
      if (round % 2 === 0) await undoAction(database.db, id, 'me', AMPLE);
    }
  });
  await Promise.all(changing);
  await Promise.all(dispatching);
  const states = await statesOf(ids);
  const canceled = ids.filter((_, index) => states[index] === 'canceled');
  expect(canceled.length).toBeGreaterThan(0);
  expect(delivered.length).toBeGreaterThan(0);
  const fired = new Set(delivered);
  expect(canceled.filter((id) => fired.has(id))).toEqual([]);
  expect(fired.size).toBe(delivered.length);
});
