import { afterEach, describe, expect, test } from '@jest/globals';
import {
  cancelTimer,
  connect,
  type Database,
  decryptHeaders,
  encryptHeaderText,
  type HeaderKeys,
  NO_HEADER_KEYS,
  parseHeaderKeys,
  type ScheduleDecision,
} from '@timer-platform/database';
import { scheduleFactory, timerFactory } from '@timer-platform/test-support';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { occurrenceId } from '../schedules/occurrence-id.ts';
import { compileRecurrence } from '../schedules/recurrence/index.ts';
import { materializePass, type PassOptions, type PassResult } from './materialize-pass.ts';
import type { ScheduleObserver } from './schedule-observer.ts';
import { scheduleStatements } from './statements.ts';

const database = withTestDatabase({
  open: (url, onIdleError): Database =>
    connect({ url, applicationName: 'materialize.test', poolSize: 4, byIndexOnly: true, onIdleError }),
});
const { query } = database;
const schedules = scheduleFactory(query);
const timers = timerFactory(query);
const URL_A = { type: 'http', url: 'http://a.test/', headers: { 'x-own': '1', 'Timer-Origin': 'forged' } };

afterEach(async () => {
  await query(
    'TRUNCATE schedules, schedule_skips, timers, timer_attempts, claim_batches, dispatchers CASCADE',
  );
});

interface Events {
  readonly decided: ScheduleDecision[];
  readonly paused: string[];
  readonly postponed: string[];
  lost: number;
}

function passWith(
  more: Partial<PassOptions> & { readonly headerKeys?: HeaderKeys; readonly timeZoneData?: string } = {},
): { readonly events: Events; readonly pass: () => Promise<PassResult> } {
  const { headerKeys = NO_HEADER_KEYS, timeZoneData = '2026a', ...options } = more;
  const events: Events = { decided: [], paused: [], postponed: [], lost: 0 };
  const observer: ScheduleObserver = {
    decided: (decisions) => {
      events.decided.push(...decisions);
    },
    lost: (count) => {
      events.lost += count;
    },
    paused: (_, reason, note) => {
      events.paused.push(`${reason}: ${note}`);
    },
    postponed: (_, problem) => {
      events.postponed.push(problem);
    },
    replanned: () => undefined,
    databaseError: () => undefined,
  };
  const pass = () =>
    materializePass({
      statements: scheduleStatements(database.db),
      decide: { compile: compileRecurrence, headerKeys, timeZoneData },
      observer,
      onStored: () => undefined,
      ...options,
    });
  return { events, pass };
}

async function untilNothingIsDue(pass: () => Promise<PassResult>): Promise<number> {
  for (let passes = 0; ; passes += 1) if ((await pass()).due === 0) return passes;
}

async function rowsOf<Row extends Record<string, unknown>>(
  text: string,
  values: unknown[] = [],
): Promise<Row[]> {
  return (await query<Row>(text, values)).rows;
}

async function scheduleRow(id: string): Promise<Record<string, unknown>> {
  const [row] = await rowsOf('SELECT * FROM schedules WHERE id = $1', [id]);
  if (row === undefined) throw new Error('the schedule is gone');
  return row;
}

const ago = (ms: number): Date => new Date(Date.now() - ms);

test('a pass stores the occurrences of the next seconds as timers with headers of their own', async () => {
  const id = await schedules.create({
    key: 'report',
    // None is due within the next second, in which the pass runs.
    recurrence: { every_ms: 2_000, phase_ms: (Date.now() + 1_000) % 2_000 },
    callback_config: URL_A,
    metadata: { a: 1 },
    retry: { max_attempts: 2 },
    expires_after_ms: 60_000,
    client: 'billing',
  });
  const { pass } = passWith();
  expect(await pass()).toEqual({ due: 1, written: 1 });
  const stored = await rowsOf<{ id: string; at: Date; config: { headers: object }; row: string }>(
    `SELECT id, scheduled_for AS at, callback_config AS config, jsonb_build_object('status', status, 'metadata', metadata,
       'retry', retry, 'client', client, 'key', key, 'origin', origin, 'exact', execute_at = scheduled_for,
       'expires_in', extract(epoch FROM expires_at - execute_at), 'schedule', schedule_id)::text AS row
     FROM timers ORDER BY scheduled_for`,
  );
  expect(stored).toHaveLength(5);
  for (const { id: timerId, at, config, row } of stored) {
    expect(timerId).toBe(occurrenceId(id, at.getTime()));
    expect(JSON.parse(row)).toEqual({
      status: 'pending',
      metadata: { a: 1 },
      retry: { max_attempts: 2 },
      client: 'billing',
      key: null,
      origin: 'schedule',
      exact: true,
      expires_in: 60,
      schedule: id,
    });
    expect(config).toEqual({
      ...URL_A,
      headers: {
        'x-own': '1',
        'timer-schedule': 'report',
        'timer-scheduled-for': at.toISOString(),
        'timer-origin': 'schedule',
      },
    });
  }
  // Nothing is due again before the lead of the next occurrence.
  expect(await pass()).toEqual({ due: 0, written: 0 });
  expect(await scheduleRow(id)).toMatchObject({ fence: 1, occurrences: '5', time_zone_data: null });
});

test('a plan that was made before another one was written changes nothing', async () => {
  await schedules.create();
  const statements = scheduleStatements(database.db);
  const { events: lateEvents, pass: late } = passWith({
    statements: {
      ...statements,
      materialize: async (decisions) => {
        expect(await passWith().pass()).toMatchObject({ due: 1, written: 1 });
        return statements.materialize(decisions);
      },
    },
  });
  expect(await late()).toMatchObject({ due: 1, written: 0 });
  expect(lateEvents.lost).toBe(1);
  const [{ count, distinct } = {}] = await rowsOf(
    'SELECT count(*)::int AS count, count(DISTINCT scheduled_for)::int AS distinct FROM timers',
  );
  expect(count).toBe(distinct);
  // The id is the guard even without the fence: what exists is left alone.
  await query("UPDATE timers SET status = 'completed'");
  await query("UPDATE schedules SET cursor_at = now() - interval '5 s', materialize_at = now()");
  await passWith().pass();
  expect(await rowsOf("SELECT FROM timers WHERE status = 'completed'")).toHaveLength(Number(count));
});

test('a schedule whose row is locked is left out, and the pass does not wait', async () => {
  await schedules.createMany([{}, {}]);
  await query('BEGIN');
  await query('SELECT FROM schedules ORDER BY id LIMIT 1 FOR UPDATE');
  const { events, pass } = passWith();
  expect(await pass()).toMatchObject({ due: 2, written: 1 });
  expect(events.lost).toBe(1);
  await query('COMMIT');
  expect(await pass()).toMatchObject({ due: 1, written: 1 });
});

describe('after the service was down for 10,000 occurrences', () => {
  const DOWN_MS = 10_010_000;
  const down = (columns: object): Promise<string> =>
    schedules.create({ cursor_at: ago(DOWN_MS), failures_from: ago(DOWN_MS), ...columns });

  test('none: one record of what was skipped, and the schedule goes on', async () => {
    await down({ catch_up: 'none' });
    await untilNothingIsDue(passWith().pass);
    const skips = await rowsOf('SELECT count::int, reason FROM schedule_skips');
    expect(skips).toEqual([{ count: expect.any(Number), reason: 'missed' }]);
    expect(Number(skips[0]?.['count'])).toBeGreaterThanOrEqual(9_999);
    const [run] = await rowsOf<{ gap: number }>(
      'SELECT (extract(epoch FROM (SELECT min(scheduled_for) FROM timers) - until))::int AS gap FROM schedule_skips',
    );
    expect(run?.gap).toBe(1);
    expect(await rowsOf("SELECT FROM timers WHERE origin <> 'schedule'")).toHaveLength(0);
  });

  test('latest: the newest missed one is delivered and tells how many it stands for', async () => {
    await down({ catch_up: 'latest' });
    await untilNothingIsDue(passWith().pass);
    const caughtUp = await rowsOf<{ missed: number }>(
      "SELECT (callback_config #>> '{headers,timer-missed}')::int AS missed FROM timers WHERE origin = 'catch_up'",
    );
    const [skips] = await rowsOf<{ count: number; adjacent: boolean }>(
      `SELECT count::int, until + interval '1 s' = (SELECT min(scheduled_for) FROM timers) AS adjacent FROM schedule_skips`,
    );
    expect(caughtUp).toEqual([{ missed: skips?.count }]);
    expect(skips?.adjacent).toBe(true);
    expect(skips?.count).toBeGreaterThanOrEqual(9_998);
  });

  test('all: every one within the window is delivered once, spaced, and those in time do not wait', async () => {
    await down({ catch_up: 'all', catch_up_window_ms: 9_000_000, catch_up_spacing_ms: 50 });
    const passes = await untilNothingIsDue(passWith().pass);
    expect(passes).toBeLessThan(30);
    const [skips] = await rowsOf<{ count: number; reason: string }>(
      'SELECT count::int, reason FROM schedule_skips',
    );
    expect(skips?.reason).toBe('outside_catch_up_window');
    // Those that were planned for an instant that is over when the statement runs are due a millisecond after it.
    const caughtUp = await rowsOf<{ due: number; second: number; planned: boolean }>(
      `SELECT extract(epoch FROM execute_at)::float8 * 1000 AS due, extract(epoch FROM scheduled_for)::int AS second,
         execute_at > created_at + interval '1 ms' AS planned
       FROM timers WHERE origin = 'catch_up' ORDER BY scheduled_for`,
    );
    const { length } = caughtUp;
    expect(length).toBeGreaterThan(8_900);
    expect(length + Number(skips?.count)).toBeGreaterThanOrEqual(9_999);
    const [first = 0] = caughtUp.map(({ second }) => second);
    expect(caughtUp.map(({ second }) => second)).toEqual(Array.from({ length }, (_, index) => first + index));
    const planned = caughtUp.filter((timer) => timer.planned);
    expect(planned.length).toBeGreaterThan(length - 200);
    const gaps = planned.slice(1).map(({ due }, index) => due - (planned[index]?.due ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThan(49.9);
    const [current] = await rowsOf<{ late: number }>(
      "SELECT max(extract(epoch FROM execute_at - scheduled_for))::float8 AS late FROM timers WHERE origin = 'schedule'",
    );
    expect(current?.late).toBeLessThan(11);
  });
});

test('a pass does not decide about everything at once if many schedules have missed much', async () => {
  await schedules.createMany(
    Array.from({ length: 8 }, () => ({ cursor_at: ago(2_000_000), catch_up: 'none' })),
  );
  const { events, pass } = passWith();
  expect(await pass()).toEqual({ due: 8, written: 5 });
  await untilNothingIsDue(pass);
  expect(events.lost).toBe(0);
  expect(await rowsOf('SELECT FROM schedule_skips WHERE count > 1900')).toHaveLength(8);
});

describe('overlap', () => {
  const overdue = (overlap: string, columns: object = {}): Promise<string> =>
    schedules.create({
      overlap,
      recurrence: { every_ms: 3_600_000, phase_ms: Math.floor((Date.now() - 500) % 3_600_000) },
      cursor_at: ago(1_000),
      ...columns,
    });
  const predecessor = async (scheduleId: string): Promise<string> => {
    const timerId = await timers.create();
    await query(
      "UPDATE timers SET schedule_id = $1, scheduled_for = now() - interval '1 h', origin = 'schedule'",
      [scheduleId],
    );
    return timerId;
  };

  test('skip: an occurrence whose predecessor is unfinished is skipped, adjacent ones in one record', async () => {
    const id = await schedules.create({ overlap: 'skip', cursor_at: ago(3_500) });
    await predecessor(id);
    await passWith().pass();
    expect(await rowsOf('SELECT count::int, reason FROM schedule_skips')).toEqual([
      { count: expect.any(Number), reason: 'overlap' },
    ]);
    await query("UPDATE schedules SET materialize_at = now(), cursor_at = cursor_at - interval '0'");
    expect(await rowsOf("SELECT FROM timers WHERE origin = 'schedule'")).toHaveLength(1);
  });

  test('buffer_one: it is delivered as soon as the predecessor has finished', async () => {
    const id = await overdue('buffer_one');
    const first = await predecessor(id);
    await passWith().pass();
    expect(await rowsOf('SELECT FROM timers')).toHaveLength(1);
    const { buffered_for: bufferedFor } = await scheduleRow(id);
    expect(bufferedFor).toBeInstanceOf(Date);
    await cancelTimer(database.db, first);
    await query('UPDATE schedules SET materialize_at = now()');
    await passWith().pass();
    expect(await rowsOf("SELECT scheduled_for FROM timers WHERE status = 'pending'")).toEqual([
      { scheduled_for: bufferedFor },
    ]);
    expect(await scheduleRow(id)).toMatchObject({ buffered_for: null });
  });

  test('cancel_previous: cancels a predecessor that is not claimed, and leaves a claimed one alone', async () => {
    const id = await overdue('cancel_previous');
    const claimed = await predecessor(id);
    const other = await timers.create();
    await query(
      `UPDATE timers SET schedule_id = $1, scheduled_for = now() - interval '2 h', origin = 'trigger' WHERE id = $2`,
      [id, other],
    );
    await query(
      `INSERT INTO claim_batches (due_from, due_to, timer_ids, tokens) SELECT execute_at, execute_at, ARRAY[id], ARRAY[claims] FROM timers WHERE id = $1`,
      [claimed],
    );
    await passWith().pass();
    const states = await rowsOf(
      'SELECT id, status, withdrawn, last_error FROM timers ORDER BY scheduled_for',
    );
    expect(states).toMatchObject([
      {
        id: other,
        status: 'canceled',
        withdrawn: null,
        last_error: expect.stringContaining('next occurrence'),
      },
      { id: claimed, status: 'pending' },
      { status: 'pending' },
    ]);
  });
});

test('what was withdrawn comes back with the present content, and nothing else does', async () => {
  const id = await schedules.create({ callback_config: URL_A });
  const { pass } = passWith();
  await pass();
  await query(
    "UPDATE timers SET status = 'completed' WHERE scheduled_for = (SELECT min(scheduled_for) FROM timers)",
  );
  const last = '(SELECT max(scheduled_for) FROM timers)';
  await query(`UPDATE timers SET status = 'canceled' WHERE scheduled_for = ${last}`);
  const [before] = await rowsOf<{ occurrences: number }>('SELECT occurrences::int FROM schedules');
  const [edited] = await rowsOf<{ result: { withdrawn_count: number; running: unknown[] } }>(
    `WITH changed AS (
       UPDATE schedules SET fence = fence + 1, cursor_at = now(), materialize_at = now(), callback_config = $1 RETURNING id
     ) SELECT withdraw_occurrences(id, now()) AS result FROM changed`,
    [{ type: 'http', url: 'http://b.test/' }],
  );
  const withdrawn = edited?.result.withdrawn_count ?? 0;
  expect(withdrawn).toBeGreaterThan(5);
  expect(await scheduleRow(id)).toMatchObject({
    occurrences: String((before?.occurrences ?? 0) - withdrawn),
  });
  await pass();
  const urls = await rowsOf(
    "SELECT status, callback_config ->> 'url' AS url, count(*)::int AS count, bool_or(withdrawn) AS withdrawn FROM timers GROUP BY 1, 2 ORDER BY 1, 2",
  );
  expect(urls).toEqual([
    { status: 'canceled', url: 'http://a.test/', count: 1, withdrawn: null },
    { status: 'completed', url: 'http://a.test/', count: 1, withdrawn: null },
    { status: 'pending', url: 'http://b.test/', count: expect.any(Number), withdrawn: null },
  ]);
  expect(Number(urls[2]?.['count'])).toBeGreaterThanOrEqual(withdrawn);
});

describe('schedules that cannot go on', () => {
  test.each([
    ['another shape', { recurrence: { every_ms: 1_000, moon: 'full' } }, 'recurrence cannot be read'],
    ['an unknown time zone', { recurrence: { cron: ['@daily'] }, time_zone: 'Mars/Olympus' }, 'time_zone'],
    ['an infinite instant', { start_at: '-infinity' }, 'a column cannot be read'],
    [
      'a callback that grows too large',
      { callback_config: { type: 'http', url: 'x', payload: 'y' } },
      'cannot be stored',
    ],
  ])('%s: it is paused and holds up nobody', async (name, columns, problem) => {
    const good = await schedules.createMany([{}, {}, {}]);
    const bad = await schedules.create(columns);
    if (name.includes('too large'))
      await query(`ALTER TABLE timers ADD CONSTRAINT no_x CHECK (callback_config ->> 'url' <> 'x')`);
    const { events, pass } = passWith();
    try {
      await pass();
    } finally {
      await query('ALTER TABLE timers DROP CONSTRAINT IF EXISTS no_x');
    }
    expect(events.paused).toEqual([expect.stringContaining(problem)]);
    expect(await scheduleRow(bad)).toMatchObject({
      pause_reason: 'unreadable',
      pause_note: expect.stringContaining(problem),
      materialize_at: null,
    });
    for (const id of good) expect(await scheduleRow(id)).toMatchObject({ paused_at: null, fence: 1 });
  });

  test('failures in a row pause a schedule, and withdraw what was ahead', async () => {
    const id = await schedules.create({ pause_after_failures: 3, failures_from: ago(60_000) });
    const { events, pass } = passWith();
    await pass();
    await query(
      `UPDATE timers SET status = CASE WHEN position <= 2 THEN 'failed' WHEN position = 3 THEN 'completed' ELSE status END
       FROM (SELECT id, row_number() OVER (ORDER BY scheduled_for) AS position FROM timers) AS numbered WHERE numbered.id = timers.id`,
    );
    await query('UPDATE schedules SET materialize_at = now()');
    await pass();
    expect(events.paused).toEqual([]);
    await query("UPDATE timers SET status = 'failed' WHERE status = 'completed'");
    await query('UPDATE schedules SET materialize_at = now()');
    await pass();
    expect(events.paused).toEqual(['failures: the last occurrences have all failed']);
    expect(await scheduleRow(id)).toMatchObject({ pause_reason: 'failures', materialize_at: null });
    expect(await rowsOf("SELECT FROM timers WHERE status = 'pending'")).toHaveLength(0);
  });

  test('a pause that is over ends by itself', async () => {
    const id = await schedules.create({
      paused_at: ago(30_000),
      paused_until: ago(1_000),
      pause_reason: 'requested',
      cursor_at: ago(30_000),
    });
    await passWith().pass();
    expect(await scheduleRow(id)).toMatchObject({ paused_at: null, paused_until: null, pause_reason: null });
    expect(await rowsOf('SELECT reason, count::int FROM schedule_skips')).toEqual([
      { reason: 'paused', count: 29 },
    ]);
  });
});

describe('encrypted headers', () => {
  const keysOf = (text: string): HeaderKeys => {
    const parsed = parseHeaderKeys(text);
    if ('error' in parsed) throw new Error(parsed.error);
    return parsed.keys;
  };
  const A = keysOf(`a:${Buffer.alloc(32, 1).toString('base64')}`);
  const B = keysOf(`b:${Buffer.alloc(32, 2).toString('base64')}`);

  test('are encrypted again for each occurrence, bound to its id', async () => {
    const id = '0198c0de-0000-4000-8000-000000000001';
    const headers = encryptHeaderText(A, id, JSON.stringify({ authorization: 'secret' }));
    await schedules.create({ id, key: 'k', callback_config: { ...URL_A, headers } });
    await passWith({ headerKeys: A }).pass();
    const [timer] = await rowsOf<{ id: string; config: never }>(
      'SELECT id, callback_config AS config FROM timers ORDER BY scheduled_for LIMIT 1',
    );
    if (timer === undefined) throw new Error('nothing was stored');
    expect(JSON.stringify(timer.config)).not.toContain('secret');
    expect(decryptHeaders(A, timer.id, timer.config)).toMatchObject({
      ok: true,
      config: { headers: { authorization: 'secret', 'timer-schedule': 'k' } },
    });
  });

  test('without the key, the schedule waits for a process that has it', async () => {
    const id = '0198c0de-0000-4000-8000-000000000001';
    const headers = encryptHeaderText(A, id, '{"a":"b"}');
    await schedules.create({ id, callback_config: { ...URL_A, headers } });
    const { events, pass } = passWith({ headerKeys: B });
    await pass();
    expect(events.postponed).toEqual([expect.stringContaining('"a"')]);
    expect(await scheduleRow(id)).toMatchObject({ paused_at: null, fence: 1, occurrences: '0' });
    await query('UPDATE schedules SET materialize_at = now()');
    await passWith({ headerKeys: A }).pass();
    expect(await rowsOf('SELECT FROM timers')).not.toHaveLength(0);
  });
});

describe('time zone data', () => {
  test('a process with older data leaves a schedule to others at first, and does not go without it', async () => {
    const id = await schedules.create({ recurrence: { cron: ['* * * * * *'] }, time_zone_data: '2026b' });
    const { pass } = passWith({ timeZoneData: '2026a' });
    expect(await pass()).toMatchObject({ due: 0 });
    await query("UPDATE schedules SET materialize_at = now() - interval '4.5 s'");
    expect(await pass()).toMatchObject({ due: 1, written: 1 });
    expect(await scheduleRow(id)).toMatchObject({ time_zone_data: '2026b' });
  });

  test('newer data makes schedules with a cron pattern due, in pages', async () => {
    const later = new Date(Date.now() + 3_600_000);
    const cron = { recurrence: { cron: ['@daily'] }, next_at: later, materialize_at: later } as const;
    await schedules.createMany([
      { ...cron, time_zone_data: '2025c' },
      { ...cron, time_zone_data: '2026a' },
      { next_at: later, materialize_at: later },
      { ...cron, time_zone_data: '2025c' },
    ]);
    const { replan } = scheduleStatements(database.db);
    let replanned = 0;
    let from: string | undefined;
    for (let step = 0; step === 0 || from !== undefined; step += 1) {
      const result = await replan({ from, timeZoneData: '2026a', limit: 3 });
      replanned += result.replanned;
      from = result.next;
    }
    expect(replanned).toBe(2);
    expect(await rowsOf('SELECT FROM schedules WHERE materialize_at <= now()')).toHaveLength(2);
  });
});
