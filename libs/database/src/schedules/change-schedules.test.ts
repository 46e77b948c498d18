import { createSecretKey } from 'node:crypto';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import pg from 'pg';
import { connect } from '../connect.ts';
import { decryptHeaders, type HeaderKeys, NO_HEADER_KEYS } from '../header-encryption.ts';
import { newTimerId } from '../timers/new-timer-id.ts';
import { deleteSchedule } from './delete-schedule.ts';
import { editSchedule } from './edit-schedule.ts';
import { findSchedule } from './find-schedule.ts';
import { hasContent } from './has-content.ts';
import { countExistingOccurrences, insertOccurrences } from './insert-occurrences.ts';
import { insertSchedule } from './insert-schedule.ts';
import { listOccurrences } from './list-occurrences.ts';
import { listSchedules } from './list-schedules.ts';
import { pauseSchedule } from './pause-schedule.ts';
import { resumeSchedule } from './resume-schedule.ts';
import type { ScheduleContent } from './schedule-content.ts';
import type { ScheduleRow } from './schedule-row.ts';

const database = withTestDatabase({
  open: (url, onIdleError) => connect({ url, applicationName: 'schedules.test', poolSize: 20, onIdleError }),
});

beforeEach(async () => {
  await database.query('TRUNCATE schedules, timers, claim_batches, idempotency_keys CASCADE');
});

const KEY = { client: 'billing', key: 'daily-report' };
const CONTENT: ScheduleContent = {
  recurrence: { cron: ['0 9 * * *'], exclude: ['2030-12-25'] },
  timeZone: 'Europe/Berlin',
  startAt: '2020-01-01T00:00:00.000Z',
  endAt: null,
  maxOccurrences: 1_000_000_000,
  jitterMs: 30_000,
  overlap: 'skip',
  catchUp: 'all',
  catchUpWindowMs: 3_155_760_000_000,
  catchUpSpacingMs: 0,
  expiresAfterMs: 60_000,
  callback: { type: 'http', url: 'https://example.com/hook', headers: { b: '2', a: '1' }, payload: [1e22] },
  retry: { max_attempts: 2 },
  metadata: { z: 1, a: { y: null, b: 'x' } },
  pauseAfterFailures: 3,
};

async function create(content: Partial<ScheduleContent> = {}, key = KEY): Promise<string> {
  const id = await insertSchedule(database.db, key, { ...CONTENT, ...content }, 100);
  if (id === undefined) throw new Error('no schedule was stored');
  return id;
}

async function find(key = KEY): Promise<ScheduleRow> {
  const row = await findSchedule(database.db, key);
  if (row === undefined) throw new Error('no schedule has the key');
  return row;
}

async function set(assignments: string): Promise<void> {
  await database.query(`UPDATE schedules SET ${assignments}`);
}

/** Stores an occurrence as a pass does: `scheduled` and `due` in seconds from now. */
async function addOccurrence(scheduleId: string, scheduled: number, due = scheduled): Promise<string> {
  const id = newTimerId();
  await database.query(
    `INSERT INTO timers (id, created_at, execute_at, callback_config, schedule_id, scheduled_for, origin)
     VALUES ($1, now() - interval '1 day', now() + $4 * interval '1 second', '{"type": "http", "url": "http://a/"}', $2,
             now() + $3 * interval '1 second', 'schedule')`,
    [id, scheduleId, scheduled, due],
  );
  return id;
}

/** Claims a timer as a dispatcher does. */
async function claim(id: string): Promise<void> {
  await database.query(
    `INSERT INTO claim_batches (due_from, due_to, timer_ids, tokens)
     SELECT execute_at, execute_at, ARRAY[id], ARRAY[claims] FROM timers WHERE id = $1`,
    [id],
  );
}

async function statuses(): Promise<Record<string, string>> {
  const { rows } = await database.query<{ id: string; status: string }>('SELECT id, status FROM timers');
  return Object.fromEntries(rows.map(({ id, status }) => [id, status]));
}

describe('insertSchedule', () => {
  test('stores the content, from now on, for a dispatcher to look at', async () => {
    const id = await create();
    const row = await find();
    expect(row).toMatchObject({ id, revision: 1, occurrences: 0, paused_at: null, next_at: null });
    expect(row.cursor_at).toEqual(row.created_at);
    expect(row.materialize_at).toEqual(row.created_at);
    expect(hasContent(row, CONTENT, NO_HEADER_KEYS)).toBe(true);
  });

  test('of many calls with one key at once, one stores the schedule', async () => {
    const calls = Array.from({ length: 20 }, () => insertSchedule(database.db, KEY, CONTENT, 100));
    const ids = (await Promise.all(calls)).filter((id) => id !== undefined);
    expect(ids).toStrictEqual([(await find()).id]);
  });

  test('clients have separate keys and separate limits', async () => {
    const store = (client: string, key: string) => insertSchedule(database.db, { client, key }, CONTENT, 2);
    expect(await store('a', '1')).toBeDefined();
    expect(await store('b', '1')).toBeDefined();
    expect(await store('a', '2')).toBeDefined();
    expect(await store('a', '3')).toBeUndefined();
    expect(await findSchedule(database.db, { client: 'a', key: '3' })).toBeUndefined();
    expect(await store('b', '3')).toBeDefined();
  });
});

describe('hasContent', () => {
  test.each<[Partial<ScheduleContent>]>([
    [{ recurrence: { cron: ['0 9 * * *'], exclude: [] } }],
    [{ recurrence: { every_ms: 60_000, phase_ms: 0, exclude: ['2030-12-25'] } }],
    [{ timeZone: 'UTC' }],
    [{ startAt: null }],
    [{ endAt: '2031-01-01T00:00:00.000Z' }],
    [{ maxOccurrences: null }],
    [{ jitterMs: null }],
    [{ overlap: 'allow' }],
    [{ catchUp: 'none' }],
    [{ catchUpWindowMs: 1 }],
    [{ catchUpSpacingMs: 1 }],
    [{ expiresAfterMs: null }],
    [{ callback: { type: 'http', url: 'https://example.com/hook', headers: { b: '2', a: '1' } } }],
    [{ callback: { type: 'nats', topic: 'reports' } }],
    [{ retry: null }],
    [{ metadata: null }],
    [{ pauseAfterFailures: null }],
  ])('notices %j', async (change) => {
    await create();
    expect(hasContent(await find(), { ...CONTENT, ...change }, NO_HEADER_KEYS)).toBe(false);
  });

  test('does not depend on the order of fields, nor on fields that are undefined', async () => {
    await create();
    const callback = {
      payload: [1e22],
      timeout_ms: undefined,
      headers: { a: '1', b: '2' },
      url: 'https://example.com/hook',
      type: 'http',
    } as const;
    const metadata = { a: { b: 'x', y: null }, z: 1 };
    expect(hasContent(await find(), { ...CONTENT, callback, metadata }, NO_HEADER_KEYS)).toBe(true);
  });

  test('compares encrypted headers, and takes those that no key decrypts for different', async () => {
    const keys = (byte: number): HeaderKeys => ({
      current: 'a',
      byId: new Map([['a', createSecretKey(Buffer.alloc(32, byte))]]),
    });
    await insertSchedule(database.db, KEY, CONTENT, 100, keys(1));
    const row = await find();
    expect(JSON.stringify(row.callback_config)).not.toContain('"1"');
    expect(decryptHeaders(keys(1), row.id, row.callback_config)).toMatchObject({ ok: true });
    expect(hasContent(row, CONTENT, keys(1))).toBe(true);
    expect(hasContent(row, CONTENT, keys(2))).toBe(false);
  });
});

describe('editSchedule', () => {
  const edit = (row: ScheduleRow, change: Partial<ScheduleContent> = {}, decidedUntil?: Date) =>
    editSchedule(database.db, row, { ...CONTENT, ...change }, decidedUntil);

  test('replaces the content, and begins now', async () => {
    await create();
    await set(
      `cursor_at = now() + interval '5 seconds', next_at = now() + interval '9 seconds', materialize_at = NULL`,
    );
    const before = await find();
    expect(await edit(before, { timeZone: 'UTC', metadata: null })).toEqual({
      withdrawn: [],
      withdrawn_count: 0,
      running: [],
      running_count: 0,
    });
    const row = await find();
    expect(row).toMatchObject({
      id: before.id,
      revision: 2,
      time_zone: 'UTC',
      metadata: null,
      next_at: null,
    });
    expect(row.cursor_at).toEqual(row.updated_at);
    expect(row.materialize_at).toEqual(row.updated_at);
  });

  test('withdraws occurrences that are later, and names those that are due', async () => {
    const id = await create();
    const [later, claimed, due, retrying] = await Promise.all([
      addOccurrence(id, 3),
      addOccurrence(id, 4),
      addOccurrence(id, -1, 2),
      addOccurrence(id, -60, -60),
    ]);
    await claim(claimed);
    const foreign = await addOccurrence(newTimerId(), 3);
    const result = await edit(await find());
    expect(result).toMatchObject({ withdrawn: [later], withdrawn_count: 1 });
    expect(result?.running.map((each) => [each.id, each.status])).toEqual([
      [retrying, 'pending'],
      [due, 'pending'],
      [claimed, 'executing'],
    ]);
    expect((await statuses())[later]).toBe('canceled');
    expect((await statuses())[foreign]).toBe('pending');
  });

  test('changes nothing if the row was written since it was read', async () => {
    await create();
    const before = await find();
    expect(await edit(before)).toBeDefined();
    expect(await edit(before)).toBeUndefined();
    expect((await find()).revision).toBe(2);
  });

  test('changes nothing while an occurrence of the past is not decided', async () => {
    await create();
    const row = await find();
    expect(await edit(row, {}, new Date(row.now.getTime() - 1))).toBeUndefined();
    expect(await edit(row, {}, new Date(row.now.getTime() + 60_000))).toBeDefined();
  });

  test('a schedule that is paused stays so, with what it has to decide', async () => {
    await create();
    await set(`cursor_at = now() - interval '1 hour'`);
    await pauseSchedule(database.db, KEY, 'stocktaking', '2099-01-01T00:00:00.000Z');
    const before = await find();
    expect(await edit(before, {}, new Date(0))).toBeDefined();
    const { cursor_at, paused_at, paused_until, pause_note, pause_reason, materialize_at } = await find();
    expect({ cursor_at, paused_at, paused_until, pause_note, pause_reason, materialize_at }).toEqual({
      cursor_at: before.cursor_at,
      paused_at: before.paused_at,
      paused_until: new Date('2099-01-01'),
      pause_note: 'stocktaking',
      pause_reason: 'requested',
      materialize_at: new Date('2099-01-01'),
    });
  });

  test('a schedule that could not be read resumes with its new content', async () => {
    await create();
    await set(`paused_at = now(), pause_reason = 'unreadable', pause_note = 'x', materialize_at = NULL`);
    await edit(await find());
    const row = await find();
    expect(row).toMatchObject({ paused_at: null, pause_reason: null, pause_note: null });
    expect(row.materialize_at).toEqual(row.updated_at);
  });

  test('of edits that were made from one state, one succeeds', async () => {
    await create();
    const row = await find();
    const results = await Promise.all(Array.from({ length: 15 }, (_, n) => edit(row, { jitterMs: n + 1 })));
    expect(results.filter((result) => result !== undefined)).toHaveLength(1);
    expect((await find()).revision).toBe(2);
  });
});

const WAITING = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;

describe('pauseSchedule', () => {
  test('withdraws every occurrence that no dispatcher has claimed', async () => {
    const id = await create();
    await set(`cursor_at = now() + interval '5 seconds'`);
    const [later, claimed, overdue] = await Promise.all([
      addOccurrence(id, 3),
      addOccurrence(id, 1),
      addOccurrence(id, -60, -60),
    ]);
    await claim(claimed);
    const result = await pauseSchedule(database.db, KEY, 'stocktaking', null);
    expect(result?.withdrawn).toEqual([overdue, later]);
    expect(result?.running).toMatchObject([{ id: claimed, status: 'executing' }]);
    const row = await find();
    expect(row).toMatchObject({
      revision: 1,
      pause_reason: 'requested',
      pause_note: 'stocktaking',
      paused_until: null,
      materialize_at: null,
    });
    expect(row.cursor_at).toEqual(row.paused_at);
  });

  test('a second one changes the note, not the time', async () => {
    await create();
    await pauseSchedule(database.db, KEY, 'a', null);
    const first = await find();
    await pauseSchedule(database.db, KEY, null, '2099-01-01T00:00:00.000Z');
    expect(await find()).toMatchObject({
      paused_at: first.paused_at,
      pause_note: null,
      materialize_at: new Date('2099-01-01'),
    });
  });

  test('changes nothing without a schedule, or until an instant that has passed', async () => {
    expect(await pauseSchedule(database.db, KEY, null, null)).toBeUndefined();
    await create();
    expect(await pauseSchedule(database.db, KEY, null, '2020-01-01T00:00:00.000Z')).toBeUndefined();
    expect((await find()).paused_at).toBeNull();
  });

  test('withdraws what a pass commits while it waits for the lock', async () => {
    const id = await create();
    const pass = new pg.Client({ connectionString: database.url });
    await pass.connect();
    try {
      await pass.query('BEGIN');
      await pass.query('UPDATE schedules SET fence = fence + 1 WHERE id = $1', [id]);
      const paused = pauseSchedule(database.db, KEY, null, null);
      while ((await database.query(WAITING)).rowCount !== 1);
      const timer = newTimerId();
      await pass.query(
        `INSERT INTO timers (id, execute_at, callback_config, schedule_id, scheduled_for, origin)
         VALUES ($1, now() + interval '3 seconds', '{"type": "http", "url": "http://a/"}', $2, now() + interval '3 seconds', 'schedule')`,
        [timer, id],
      );
      await pass.query('COMMIT');
      expect((await paused)?.withdrawn).toEqual([timer]);
    } finally {
      await pass.end();
    }
  });
});

describe('resumeSchedule', () => {
  test('ends the pause, and says what it missed', async () => {
    await create();
    await pauseSchedule(database.db, KEY, 'a', '2099-01-01T00:00:00.000Z');
    expect(await resumeSchedule(database.db, KEY, 'all')).toBe(true);
    const row = await find();
    expect(row).toMatchObject({
      revision: 1,
      paused_at: null,
      paused_until: null,
      pause_note: null,
      pause_reason: null,
    });
    expect(row.materialize_at).toEqual(row.updated_at);
    const { rows } = await database.query(
      'SELECT resume_catch_up, resumed_at = materialize_at AS now, failures_from = resumed_at AS fresh FROM schedules',
    );
    expect(rows).toEqual([{ resume_catch_up: 'all', now: true, fresh: true }]);
  });

  test('changes nothing if the schedule is not paused', async () => {
    expect(await resumeSchedule(database.db, KEY, 'all')).toBe(false);
    await create();
    const before = await find();
    expect(await resumeSchedule(database.db, KEY, 'all')).toBe(false);
    expect((await find()).fence).toBe(before.fence);
  });
});

describe('deleteSchedule', () => {
  test('withdraws the occurrences and deletes the skips', async () => {
    const id = await create();
    const [later, claimed] = await Promise.all([addOccurrence(id, 3), addOccurrence(id, 1)]);
    await claim(claimed);
    await database.query(
      `INSERT INTO schedule_skips (schedule_id, scheduled_for, until, count, reason) VALUES ($1, now(), now(), 1, 'missed')`,
      [id],
    );
    expect(await deleteSchedule(database.db, KEY)).toMatchObject({
      id,
      withdrawal: { withdrawn: [later], running: [{ id: claimed, status: 'executing' }] },
    });
    expect(await findSchedule(database.db, KEY)).toBeUndefined();
    expect((await database.query('SELECT FROM schedule_skips')).rows).toHaveLength(0);
    expect(await deleteSchedule(database.db, KEY)).toBeUndefined();
  });

  test('only deletes the revision that is asked for', async () => {
    await create();
    expect(await deleteSchedule(database.db, KEY, 2)).toBeUndefined();
    expect(await deleteSchedule(database.db, KEY, 1)).toBeDefined();
  });
});

describe('listSchedules', () => {
  test('pages through the keys of a client, in their order', async () => {
    for (const key of ['b', 'a', 'B', 'daily-2', 'daily-1', 'daily', 'dailz', '~~'])
      await create({}, { client: 'billing', key });
    await create({}, { client: 'shipping', key: 'daily-3' });
    await database.query(
      `UPDATE schedules SET paused_at = now(), pause_reason = 'requested' WHERE key = 'daily-2'`,
    );
    const keys = async (page: object) => {
      const { schedules, next } = await listSchedules(database.db, { client: 'billing', limit: 50, ...page });
      return [schedules.map(({ key }) => key), next];
    };
    expect(await keys({})).toEqual([
      ['B', 'a', 'b', 'daily', 'daily-1', 'daily-2', 'dailz', '~~'],
      undefined,
    ]);
    expect(await keys({ limit: 2 })).toEqual([['B', 'a'], 'a']);
    expect(await keys({ limit: 2, after: 'a' })).toEqual([['b', 'daily'], 'daily']);
    expect(await keys({ prefix: 'daily' })).toEqual([['daily', 'daily-1', 'daily-2'], undefined]);
    expect(await keys({ prefix: '~' })).toEqual([['~~'], undefined]);
    expect(await keys({ prefix: 'daily', after: 'daily', paused: false })).toEqual([['daily-1'], undefined]);
    expect(await keys({ paused: true })).toEqual([['daily-2'], undefined]);
  });
});

describe('insertOccurrences', () => {
  const HEADERS = { a: '1', 'timer-origin': 'backfill' };
  const at = (ids: readonly string[], executeAtMs = 0) =>
    ids.map((id, n) => ({ id, scheduledForMs: 1_700_000_000_000 + n, executeAtMs, headers: HEADERS }));

  test('stores timers with the content of the schedule', async () => {
    const scheduleId = await create();
    const ids = [newTimerId(), newTimerId()];
    const result = await insertOccurrences(database.db, await find(), 'backfill', at(ids));
    expect(result).toMatchObject({ outcome: 'inserted', occurrences: [{ id: ids[0] }, { id: ids[1] }] });
    const { rows } = await database.query(
      `SELECT schedule_id, scheduled_for, origin, client, metadata, retry, callback_config, status,
              expires_at - execute_at = interval '60 seconds' AS expires,
              execute_at - created_at <= interval '1 millisecond' AS at_once
       FROM timers ORDER BY scheduled_for`,
    );
    expect(rows[1]).toEqual({
      schedule_id: scheduleId,
      scheduled_for: new Date(1_700_000_000_001),
      origin: 'backfill',
      client: 'billing',
      metadata: CONTENT.metadata,
      retry: CONTENT.retry,
      callback_config: { ...CONTENT.callback, headers: HEADERS },
      status: 'pending',
      expires: true,
      at_once: true,
    });
  });

  test('leaves existing ones alone, and brings back those that were withdrawn', async () => {
    const id = await create();
    const [existing, withdrawn, canceled] = await Promise.all([
      addOccurrence(id, 10),
      addOccurrence(id, 11),
      addOccurrence(id, 12),
    ]);
    await database.query(`UPDATE timers SET status = 'canceled', withdrawn = true WHERE id = $1`, [
      withdrawn,
    ]);
    await database.query(`UPDATE timers SET status = 'canceled' WHERE id = $1`, [canceled]);
    const ids = [existing, withdrawn, canceled, newTimerId()];
    expect(await countExistingOccurrences(database.db, ids)).toBe(2);
    const result = await insertOccurrences(database.db, await find(), 'backfill', at(ids));
    if (result.outcome !== 'inserted') throw new Error(result.outcome);
    expect(new Set(result.occurrences.map((each) => each.id))).toEqual(new Set([withdrawn, ids[3]]));
    expect(await statuses()).toMatchObject({
      [existing]: 'pending',
      [withdrawn]: 'pending',
      [canceled]: 'canceled',
    });
  });

  test('stores nothing if the schedule was changed since it was read', async () => {
    await create();
    const row = await find();
    const ids = at([newTimerId()]);
    await pauseSchedule(database.db, KEY, null, null);
    const changed = { outcome: 'schedule-changed' };
    expect(await insertOccurrences(database.db, row, 'trigger', ids)).toEqual(changed);
    const paused = await find();
    expect(await insertOccurrences(database.db, paused, 'trigger', ids)).toMatchObject({
      outcome: 'inserted',
    });
    await editSchedule(database.db, paused, CONTENT, undefined);
    expect(await insertOccurrences(database.db, paused, 'trigger', at([newTimerId()]))).toEqual(changed);
    await deleteSchedule(database.db, KEY);
    expect(await insertOccurrences(database.db, paused, 'trigger', at([newTimerId()]))).toEqual(changed);
    expect(Object.values(await statuses())).toEqual(['canceled']);
  });

  test('stores once for an idempotency key, however many requests run at once', async () => {
    await create();
    const row = await find();
    const key = { client: 'billing', key: 'now', requestHash: Buffer.from('a') };
    const results = await Promise.all(
      Array.from({ length: 10 }, () =>
        insertOccurrences(database.db, row, 'trigger', at([newTimerId()]), key),
      ),
    );
    expect(results.filter(({ outcome }) => outcome === 'inserted')).toHaveLength(1);
    const [id] = Object.keys(await statuses());
    expect(results.filter(({ outcome }) => outcome === 'repeated')).toEqual(
      Array.from({ length: 9 }, () => ({ outcome: 'repeated', timerIds: [id], sameRequest: true })),
    );
    const other = { ...key, requestHash: Buffer.from('b') };
    expect(await insertOccurrences(database.db, row, 'trigger', at([newTimerId()]), other)).toMatchObject({
      outcome: 'repeated',
      sameRequest: false,
    });
  });
});

test('the history has timers and skips, newest first, in pages', async () => {
  const id = await create();
  const ids = [];
  for (const seconds of [-10, -20, -30, -40]) ids.push(await addOccurrence(id, seconds, 60));
  await addOccurrence(newTimerId(), -25);
  await database.query(
    `INSERT INTO schedule_skips (schedule_id, scheduled_for, until, count, reason)
     SELECT $1, scheduled_for, scheduled_for + interval '5 seconds', 6, 'overlap' FROM timers WHERE id = ANY ($2)`,
    [id, [ids[1], ids[3]]],
  );
  const entries = [];
  let after: Parameters<typeof listOccurrences>[3];
  do {
    const { occurrences, next } = await listOccurrences(database.db, id, 2, after);
    expect(occurrences.length).toBeLessThanOrEqual(2);
    entries.push(...occurrences);
    after = next;
  } while (after !== undefined);
  expect(entries.map((each) => (each.type === 'timer' ? each.id : each.reason))).toEqual([
    ids[0],
    ids[1],
    'overlap',
    ids[2],
    ids[3],
    'overlap',
  ]);
  expect(entries[0]).toMatchObject({ type: 'timer', status: 'pending', origin: 'schedule', attempts: 0 });
  expect(entries[2]).toMatchObject({ type: 'skip', count: 6 });
});
