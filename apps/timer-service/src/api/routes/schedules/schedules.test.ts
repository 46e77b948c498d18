import { createHash } from 'node:crypto';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  backfillScheduleResponseSchema,
  deleteScheduleResponseSchema,
  errorResponseSchema,
  occurrenceListResponseSchema,
  pauseScheduleResponseSchema,
  previewScheduleResponseSchema,
  putScheduleResponseSchema,
  type Schedule,
  scheduleListResponseSchema,
  scheduleResponseSchema,
  timerSummaryResponseSchema,
} from '@timer-platform/callback-types';
import { occurrenceId } from '../../../schedules/occurrence-id.ts';
import { startTestApi } from '../../testing/test-api.ts';

const KEYS = { reader: 'r'.repeat(32), writer: 'w'.repeat(32) };
const apiKeys = [
  { name: 'default', role: 'read', sha256: createHash('sha256').update(KEYS.reader).digest('hex') },
  { name: 'writer', role: 'write', sha256: createHash('sha256').update(KEYS.writer).digest('hex') },
];
let scheduleWakes = 0;
const api = await startTestApi({
  env: { API_KEYS: JSON.stringify(apiKeys.slice(1)), SCHEDULES_PER_CLIENT: '4' },
  wakeSchedules: () => (scheduleWakes += 1),
  finishedForMs: 30 * 86_400_000,
  checkCallback: (callback) =>
    callback.type === 'nats' ? 'NATS is not configured: set NATS_URL' : undefined,
});
afterAll(() => api.close());
beforeEach(async () => {
  await query('TRUNCATE schedules, timers, idempotency_keys CASCADE');
  scheduleWakes = 0;
});

const callback = { type: 'http', url: 'https://example.com/hook', payload: { n: 1 } };
const DAILY = { cron: '0 9 * * *', time_zone: 'Europe/Berlin', callback };

let statements = 0;
async function query(text: string, values: readonly unknown[] = []) {
  statements += 1;
  return api.db.rows({ name: `schedules-test-${statements}`, text }, values);
}

async function put(body: object = DAILY, key = 'daily', headers: Record<string, string> = {}) {
  const response = await api.request('PUT', `/schedules/${encodeURIComponent(key)}`, body, headers);
  if (response.status >= 300) throw new Error(JSON.stringify(response));
  return { ...response, data: putScheduleResponseSchema.parse(response.body).data };
}

async function get(key = 'daily', headers: Record<string, string> = {}): Promise<Schedule> {
  const response = await api.request('GET', `/schedules/${key}`, undefined, headers);
  expect(response.status).toBe(200);
  return scheduleResponseSchema.parse(response.body).data;
}

async function addOccurrence(scheduleId: string, seconds: number): Promise<string> {
  const at = Date.now() + seconds * 1_000;
  const id = occurrenceId(scheduleId, at);
  await query(
    `INSERT INTO timers (id, created_at, execute_at, callback_config, schedule_id, scheduled_for, origin)
     VALUES ($1, now() - interval '1 day', $3, '{"type": "http", "url": "http://a/"}', $2, $3, 'schedule')`,
    [id, scheduleId, new Date(at)],
  );
  return id;
}

const refused = (code: number, reason: string) => ({ body: { code, reason, data: null } });

describe('PUT /schedules/:key', () => {
  test('stores a schedule with its defaults', async () => {
    const { status, headers, data } = await put();
    expect(status).toBe(201);
    expect(headers['etag']).toBe('"1"');
    expect(data).toStrictEqual({
      key: 'daily',
      id: data.id,
      revision: 1,
      created_at: data.created_at,
      updated_at: data.created_at,
      cron: ['0 9 * * *'],
      every: null,
      phase: null,
      time_zone: 'Europe/Berlin',
      exclude: [],
      start_at: null,
      end_at: null,
      max_occurrences: null,
      jitter: '0s',
      overlap: 'allow',
      catch_up: 'latest',
      catch_up_window: '1d',
      catch_up_spacing: '100ms',
      expires_after: null,
      pause_after_failures: null,
      callback_type: 'http',
      description: data.description,
      next_at: data.next_at,
      paused: null,
      occurrences: 0,
      ended: false,
      callback,
      retry: null,
      metadata: null,
      changed: true,
      withdrawn: [],
      withdrawn_count: 0,
      running: [],
    });
    expect(data.description).toContain('09:00');
    const next = new Date(data.next_at ?? 0);
    expect(next.getTime()).toBeGreaterThan(Date.now());
    expect(next.getTime() - Date.now()).toBeLessThanOrEqual(86_400_000);
    expect(next.toLocaleTimeString('en-GB', { timeZone: 'Europe/Berlin' })).toBe('09:00:00');
    expect(scheduleWakes).toBe(1);
    const { changed, withdrawn, withdrawn_count, running, ...schedule } = data;
    expect([changed, withdrawn, withdrawn_count, running]).toStrictEqual([true, [], 0, []]);
    expect(await get()).toStrictEqual(schedule);
  });

  test('does nothing with the same content, however it is written', async () => {
    const { data } = await put({ ...DAILY, metadata: { a: 1, b: 2 } });
    const timer = await addOccurrence(data.id, 3);
    const before = await query('SELECT * FROM schedules');
    const same = {
      metadata: { b: 2, a: 1 },
      jitter: null,
      catch_up_window: '24h',
      ...DAILY,
      cron: ['0 9 * * *'],
    };
    const again = await put(same);
    expect(again).toMatchObject({ status: 200, data: { changed: false, revision: 1, withdrawn: [] } });
    expect(again.headers['etag']).toBe('"1"');
    expect(await query('SELECT * FROM schedules')).toStrictEqual(before);
    expect((await api.getTimer(timer)).status).toBe('pending');
    expect(scheduleWakes).toBe(1);
  });

  test('what was read can be stored again, and changes nothing', async () => {
    await put({
      every: '1h30m',
      phase: '5m',
      exclude: ['2030-12-24/2030-12-26'],
      time_zone: 'America/New_York',
      start_at: '2026-01-01T00:00:00Z',
      end_at: '2099-01-01T00:00:00+02:00',
      max_occurrences: 12,
      jitter: '10s',
      overlap: 'buffer_one',
      catch_up: 'all',
      catch_up_window: '90m',
      catch_up_spacing: '1s',
      expires_after: '1d12h',
      callback: { ...callback, headers: { 'X-Id': '1' } },
      retry: { max_attempts: 2 },
      metadata: { team: 'billing' },
      pause_after_failures: 3,
    });
    const stored = await get();
    const { key, id, revision, created_at, updated_at, callback_type, description, ...rest } = stored;
    const { next_at, paused, occurrences, ended, ...content } = rest;
    expect([key, id, callback_type, paused, occurrences, ended, typeof next_at]).toStrictEqual([
      'daily',
      stored.id,
      'http',
      null,
      0,
      false,
      'string',
    ]);
    expect(description).not.toBe('');
    const { data } = await put(content);
    expect(data).toMatchObject({ changed: false, revision, created_at, updated_at });
  });

  test('other content withdraws what is later, and names what is due', async () => {
    const { data } = await put();
    const [later, due] = [await addOccurrence(data.id, 4), await addOccurrence(data.id, -5)];
    const changed = await put({ ...DAILY, time_zone: 'UTC' });
    expect(changed).toMatchObject({
      status: 200,
      data: {
        changed: true,
        id: data.id,
        revision: 2,
        time_zone: 'UTC',
        withdrawn: [later],
        withdrawn_count: 1,
        running: [{ id: due, status: 'pending', scheduled_for: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/) }],
      },
    });
    expect(changed.headers['etag']).toBe('"2"');
    expect((await api.getTimer(later)).status).toBe('canceled');
  });

  test('decides occurrences of the past by the old content first', async () => {
    await put({ every: '1s', catch_up: 'all', callback: { ...callback, payload: 'old' } });
    await query(`UPDATE schedules SET cursor_at = date_trunc('second', now()) - interval '700 seconds'`);
    const { data } = await put({ every: '1s', catch_up: 'none', callback: { ...callback, payload: 'new' } });
    expect(data).toMatchObject({ changed: true, revision: 2 });
    const [counts] = await query(
      `SELECT count(*)::integer AS count, count(DISTINCT scheduled_for)::integer AS instants,
              count(*) FILTER (WHERE callback_config ->> 'payload' = 'old' AND status = 'pending')::integer AS old
       FROM timers WHERE scheduled_for <= (SELECT cursor_at FROM schedules)`,
    );
    const instants = Number(counts?.['instants']);
    expect(counts).toMatchObject({ count: instants, old: instants });
    expect(instants).toBeGreaterThanOrEqual(700);
    // Those that the old content had already in the near future.
    const later = `FROM timers WHERE scheduled_for > (SELECT cursor_at FROM schedules)`;
    expect(await query(`SELECT DISTINCT status, withdrawn ${later}`)).toStrictEqual([
      { status: 'canceled', withdrawn: true },
    ]);
    expect(data.withdrawn_count).toBe((await query(`SELECT ${later}`)).length);
  });

  test('conditions make one of two editors lose', async () => {
    const exists = { 'if-none-match': '*' };
    expect((await put(DAILY, 'daily', exists)).status).toBe(201);
    expect(await api.request('PUT', '/schedules/daily', DAILY, exists)).toMatchObject({
      status: 412,
      ...refused(12, 'schedule_exists'),
    });
    const other = { ...DAILY, time_zone: 'UTC' };
    expect((await put(other, 'daily', { 'if-match': '"1"' })).data.revision).toBe(2);
    const late = await api.request('PUT', '/schedules/daily', DAILY, { 'if-match': 'W/"1"' });
    expect(late).toMatchObject({ status: 412, ...refused(12, 'revision_mismatch') });
    expect((await get()).time_zone).toBe('UTC');
    expect((await put(DAILY, 'daily', { 'if-match': '*' })).data.revision).toBe(3);
    const missing = await api.request('PUT', '/schedules/other', DAILY, { 'if-match': '*' });
    expect(missing).toMatchObject({ status: 412, ...refused(12, 'revision_mismatch') });
  });

  test('of many requests at once, one stores and the others change or find it', async () => {
    const bodies = Array.from({ length: 12 }, (_, n) => ({ ...DAILY, metadata: n % 4 }));
    const results = await Promise.all(bodies.map((body) => put(body)));
    expect(results.filter(({ status }) => status === 201)).toHaveLength(1);
    const changes = results.filter(({ data }) => data.changed).length;
    expect((await get()).revision).toBe(changes);
  });

  test('names the setting when a client has too many', async () => {
    for (const key of ['1', '2', '3', '4']) await put(DAILY, key);
    const fifth = await api.request('PUT', '/schedules/5', DAILY);
    expect(fifth).toMatchObject({
      status: 409,
      body: {
        code: 13,
        reason: 'too_many_schedules',
        message: expect.stringContaining('SCHEDULES_PER_CLIENT'),
      },
    });
    await put({ ...DAILY, time_zone: 'UTC' }, '4');
    await put(DAILY, '5', { 'x-api-key': KEYS.writer });
  });
});

describe('rejects', () => {
  test.each<[string, object, string]>([
    ['no timing', { callback }, 'cron'],
    ['a pattern that cannot be read', { ...DAILY, cron: '61 * * * *' }, 'cron'],
    ['the second of two patterns', { ...DAILY, cron: ['@daily', 'x y z'] }, 'cron.1'],
    ['a pattern that never fires', { ...DAILY, cron: '0 0 30 2 *' }, 'cron'],
    ['an unknown time zone', { ...DAILY, time_zone: 'Mars/Olympus' }, 'time_zone'],
    ['an exclusion that is no date', { ...DAILY, exclude: ['2030-02-30'] }, 'exclude.0'],
    ['an exclusion of everything', { ...DAILY, exclude: ['* * * * *'] }, 'exclude'],
    [
      'no occurrence between start and end',
      { ...DAILY, start_at: '2030-01-01T09:00:00Z', end_at: '2030-01-01T09:00:01Z' },
      'end_at',
    ],
    ['an interval below a second', { every: '10ms', callback }, 'every'],
    [
      'a reserved header',
      { ...DAILY, callback: { ...callback, headers: { 'Timer-Origin': 'x' } } },
      'callback.headers.Timer-Origin',
    ],
    [
      'a callback that cannot be delivered',
      { ...DAILY, callback: { type: 'nats', topic: 'a' } },
      'callback.type',
    ],
    ['an unknown field', { ...DAILY, color: 'red' }, 'color'],
  ])('%s', async (_, body, path) => {
    const response = await api.request('PUT', '/schedules/daily', body);
    expect(response.status).toBe(400);
    expect(errorResponseSchema.parse(response.body).errors?.map((each) => each.path)).toStrictEqual([path]);
    expect(await query('SELECT FROM schedules')).toHaveLength(0);
  });

  test.each<[string, string, unknown, string]>([
    ['PUT', '/schedules/a%20b', DAILY, 'path.key'],
    ['PUT', '/schedules/daily', undefined, 'body'],
    ['GET', `/schedules/${'x'.repeat(256)}`, undefined, 'path.key'],
    ['GET', '/schedules?limit=0', undefined, 'query.limit'],
    ['GET', '/schedules?cursor=abc', undefined, 'query.cursor'],
    ['GET', `/schedules?cursor=${Buffer.from('["a b"]').toString('base64url')}`, undefined, 'query.cursor'],
    ['GET', '/schedules?paused=maybe', undefined, 'query.paused'],
    ['GET', '/schedules/daily/occurrences?cursor=W10', undefined, 'query.cursor'],
    ['POST', '/schedules/daily/pause', { until: '2020-01-01T00:00:00Z' }, 'until'],
    ['POST', '/schedules/daily/pause', { until: '0000-01-01T00:00:00Z' }, 'until'],
    ['POST', '/schedules/daily/pause', { note: 'a\u0000' }, 'note'],
    ['POST', '/schedules/daily/resume', { catch_up: 'some' }, 'catch_up'],
    ['POST', '/schedules/daily/trigger', { payload: 1 }, 'payload'],
    ['POST', '/schedules/daily/backfill', {}, 'from'],
    [
      'POST',
      '/schedules/daily/backfill',
      { from: '1960-01-01T00:00:00Z', to: '1961-01-01T00:00:00Z' },
      'from',
    ],
    ['POST', '/schedules/daily/backfill', { from: '2020-01-01T00:00:00Z', to: '2019-01-01T00:00:00Z' }, 'to'],
    ['POST', '/schedules/preview', { cron: '0 9 * *' }, 'cron'],
    ['POST', '/schedules/preview', { cron: '0 9 * * *', count: 101 }, 'count'],
  ])('%s %s %j', async (method, path, body, issue) => {
    await put();
    const response = await api.request(method, path, body);
    expect(response.status).toBe(400);
    const { code, errors } = errorResponseSchema.parse(response.body);
    expect(code).toBe(2);
    expect(errors?.map((each) => each.path)).toContain(issue);
  });

  test.each(['3', '"a"', '"1", "2"', '""'])('the condition If-Match: %s', async (text) => {
    const response = await api.request('PUT', '/schedules/daily', DAILY, { 'if-match': text });
    expect(response).toMatchObject({ status: 400, body: { errors: [{ path: 'headers.if-match' }] } });
  });

  test.each<[string, string]>([
    ['GET', ''],
    ['DELETE', ''],
    ['POST', '/pause'],
    ['POST', '/resume'],
    ['POST', '/trigger'],
    ['GET', '/occurrences'],
  ])('%s /schedules/:key%s of another client, whose schedule it does not find', async (method, path) => {
    await put();
    const response = await api.request(method, `/schedules/daily${path}`, undefined, {
      'x-api-key': KEYS.writer,
    });
    expect(response).toMatchObject({ status: 404, ...refused(3, 'schedule_not_found') });
    expect((await get()).paused).toBeNull();
  });

  test('unknown methods and paths', async () => {
    expect(await api.request('POST', '/schedules/daily')).toMatchObject({
      status: 405,
      headers: { allow: 'DELETE, GET, HEAD, PUT' },
    });
    expect(await api.request('POST', '/schedules/daily/stop')).toMatchObject({ status: 404 });
    expect((await put(DAILY, 'preview')).status).toBe(201);
  });
});

test('a schedule that the service cannot read is shown as far as it can be', async () => {
  await put();
  await query(`UPDATE schedules SET recurrence = '{"moon": "full", "exclude": 5}', paused_at = now(),
    pause_reason = 'unreadable', pause_note = 'recurrence cannot be read', materialize_at = NULL`);
  expect(await get()).toMatchObject({
    cron: null,
    every: null,
    exclude: [],
    description: '',
    next_at: null,
    paused: { reason: 'unreadable', note: 'recurrence cannot be read' },
    ended: false,
  });
  expect((await put()).data).toMatchObject({ changed: true, revision: 2, paused: null });
});

test('a list has the schedules of the client, in pages', async () => {
  for (const key of ['b', 'a/1', 'a/2']) await put(DAILY, key);
  await put(DAILY, 'other', { 'x-api-key': KEYS.writer });
  await api.request('POST', '/schedules/b/pause');
  const list = async (search: string) => {
    const { body } = await api.request('GET', `/schedules${search}`);
    const { schedules, next_cursor } = scheduleListResponseSchema.parse(body).data;
    return { keys: schedules.map(({ key }) => key), schedules, cursor: next_cursor };
  };
  const all = await list('');
  expect(all).toMatchObject({ keys: ['a/1', 'a/2', 'b'], cursor: null });
  expect(Object.keys(all.schedules[0] ?? {})).not.toContain('callback');
  const first = await list('?limit=2');
  expect(first.keys).toStrictEqual(['a/1', 'a/2']);
  expect(await list(`?limit=2&cursor=${first.cursor}`)).toMatchObject({ keys: ['b'], cursor: null });
  expect(await list('?prefix=a%2F')).toMatchObject({ keys: ['a/1', 'a/2'] });
  expect(await list('?paused=true')).toMatchObject({ keys: ['b'] });
});

test('secrets are masked as in timers', async () => {
  const secret = { ...callback, headers: { Authorization: 'Bearer 3f1c' } };
  await put({ ...DAILY, callback: secret });
  expect((await get()).callback.headers).toStrictEqual(secret.headers);
  await put({ ...DAILY, callback: secret }, 'mine', { 'x-api-key': KEYS.writer });
  const shown = await get('mine', { 'x-api-key': KEYS.writer });
  expect(JSON.stringify(shown)).not.toContain('3f1c');
});

describe('pause and resume', () => {
  test('cancel what is pending, and say until when', async () => {
    const { data } = await put();
    const pending = await addOccurrence(data.id, 3);
    const until = '2099-01-01T00:00:00.000Z';
    const response = await api.request('POST', '/schedules/daily/pause', { note: 'stocktaking', until });
    expect(response.status).toBe(200);
    const paused = pauseScheduleResponseSchema.parse(response.body).data;
    expect(paused).toMatchObject({
      revision: 1,
      next_at: null,
      ended: false,
      paused: { note: 'stocktaking', until, reason: 'requested' },
      withdrawn: [pending],
      running: [],
    });
    expect((await api.getTimer(pending)).status).toBe('canceled');
    // A deploy does not resume it.
    expect((await put({ ...DAILY, time_zone: 'UTC' })).data.paused).toStrictEqual(paused.paused);
  });

  test('resume takes no body, and does nothing to a schedule that is not paused', async () => {
    const { data } = await put();
    await api.request('POST', '/schedules/daily/pause');
    expect((await get()).paused?.note).toBeNull();
    const resumed = await api.request('POST', '/schedules/daily/resume');
    expect(scheduleResponseSchema.parse(resumed.body).data).toMatchObject({
      paused: null,
      next_at: data.next_at,
    });
    const wakes = scheduleWakes;
    expect((await api.request('POST', '/schedules/daily/resume', { catch_up: 'all' })).status).toBe(200);
    expect(scheduleWakes).toBe(wakes);
  });
});

test('DELETE cancels what is pending, and honors If-Match', async () => {
  const { data } = await put();
  const pending = await addOccurrence(data.id, 3);
  expect(await api.request('DELETE', '/schedules/daily', undefined, { 'if-match': '"2"' })).toMatchObject({
    status: 412,
    ...refused(12, 'revision_mismatch'),
  });
  const response = await api.request('DELETE', '/schedules/daily', undefined, { 'if-match': '"1"' });
  expect(deleteScheduleResponseSchema.parse(response.body).data).toMatchObject({
    key: 'daily',
    id: data.id,
    withdrawn: [pending],
  });
  expect(await api.request('DELETE', '/schedules/daily')).toMatchObject(refused(3, 'schedule_not_found'));
  expect(await api.getTimer(pending)).toMatchObject({ schedule_id: data.id, schedule_key: null });
});

describe('POST /schedules/:key/trigger', () => {
  test('stores an occurrence that is due now, with the headers of one', async () => {
    const { data } = await put({
      ...DAILY,
      callback: { ...callback, headers: { 'X-Id': '1' } },
      retry: { max_attempts: 1 },
      metadata: { a: 1 },
      expires_after: '1h',
    });
    await api.request('POST', '/schedules/daily/pause');
    const response = await api.request('POST', '/schedules/daily/trigger');
    expect(response.status).toBe(201);
    const { data: timer } = timerSummaryResponseSchema.parse(response.body);
    expect(timer).toMatchObject({
      schedule_id: data.id,
      schedule_key: 'daily',
      origin: 'trigger',
      status: 'pending',
    });
    const stored = await api.getTimer(timer.id);
    expect(stored).toMatchObject({ ...timer, retry: { max_attempts: 1 }, metadata: { a: 1 }, key: null });
    expect(stored.callback.headers).toStrictEqual({
      'X-Id': '1',
      'timer-schedule': 'daily',
      'timer-scheduled-for': timer.scheduled_for,
      'timer-origin': 'trigger',
    });
    expect(Date.parse(stored.expires_at ?? '') - Date.parse(stored.execute_at)).toBe(3_600_000);
    const { body } = await api.request('GET', '/timers');
    expect(body).toMatchObject({ data: { timers: [timer] } });
  });

  test('once for an Idempotency-Key', async () => {
    await put();
    const send = (key = 'daily') =>
      api.request('POST', `/schedules/${key}/trigger`, {}, { 'idempotency-key': 'now' });
    const first = await send();
    const second = await send();
    expect(second).toMatchObject({ status: 201, headers: { 'idempotent-replayed': 'true' } });
    expect(second.body).toStrictEqual(first.body);
    await put(DAILY, 'other');
    expect(await send('other')).toMatchObject({ status: 409, ...refused(7, 'different_request') });
    expect(await api.countTimers()).toBe(1);
  });
});

describe('POST /schedules/:key/backfill', () => {
  const backfill = async (body: object) => {
    const response = await api.request('POST', '/schedules/daily/backfill', body);
    if (response.status !== 200) throw new Error(JSON.stringify(response));
    return backfillScheduleResponseSchema.parse(response.body).data;
  };
  const DAY_MS = 86_400_000;
  const day = (days: number): string =>
    new Date(Math.floor(Date.now() / DAY_MS + days) * DAY_MS).toISOString();

  test('counts in a dry run, then creates what does not exist', async () => {
    const { data } = await put({ cron: '0 0 * * *', callback });
    const range = { from: day(-10), to: day(-1) };
    const dry = { occurrences: 10, first: range.from, last: range.to, warning: null };
    expect(await backfill({ ...range, dry_run: true })).toStrictEqual({
      ...{ ...dry, dry_run: true, already_exist: 0, created: 0 },
    });
    expect(await api.countTimers()).toBe(0);
    expect(await backfill({ from: day(-3), to: day(-2), spacing: '0s' })).toMatchObject({ created: 2 });
    expect(await backfill({ ...range, spacing: '1h' })).toStrictEqual({
      ...{ ...dry, dry_run: false, already_exist: 2, created: 8 },
    });
    expect(await backfill({ ...range })).toMatchObject({ already_exist: 10, created: 0 });
    const rows = await query(
      `SELECT id, scheduled_for, origin, callback_config -> 'headers' ->> 'timer-scheduled-for' AS header
       FROM timers ORDER BY scheduled_for`,
    );
    expect(rows).toHaveLength(10);
    expect(rows[0]).toStrictEqual({
      id: occurrenceId(data.id, Date.parse(range.from)),
      scheduled_for: new Date(range.from),
      origin: 'backfill',
      header: range.from,
    });
    const [{ hours } = {}] = await query(
      `SELECT round(extract(epoch FROM max(execute_at) - min(execute_at)) / 3600)::integer AS hours FROM timers`,
    );
    expect(hours).toBe(9);
  });

  test('leaves the future to the schedule', async () => {
    await put({ cron: '0 0 * * *', callback });
    expect(await backfill({ from: day(0), to: '2099-01-01T00:00:00Z' })).toMatchObject({
      occurrences: 1,
      created: 1,
      last: day(0),
    });
  });

  test('warns about a range that is older than finished timers are kept', async () => {
    await put({ cron: '0 0 * * *', callback });
    const { warning } = await backfill({ from: day(-31), to: day(-30), dry_run: true });
    expect(warning).toContain('RETENTION_DAYS');
  });

  test('refuses more than 10,000 occurrences, and creates 10,000', async () => {
    await put({ every: '1s', callback });
    const from = '2026-01-01T00:00:00Z';
    const tooMany = { from, to: '2026-01-01T02:46:40Z' };
    const response = await api.request('POST', '/schedules/daily/backfill', tooMany);
    expect(response).toMatchObject({
      status: 400,
      body: { code: 2, reason: 'too_many_occurrences', errors: [{ path: 'to' }] },
    });
    expect(JSON.stringify(response.body)).toContain('2026-01-01T02:46:39.000Z');
    expect(await backfill({ from, to: '2026-01-01T02:46:39Z' })).toMatchObject({ created: 10_000 });
    expect(await api.countTimers()).toBe(10_000);
  });
});

test('a preview marks what a clock change shifts', async () => {
  const request = { cron: '30 2 * * *', time_zone: 'Europe/Berlin', from: '2030-03-30T00:00:00Z', count: 3 };
  const { status, body } = await api.request('POST', '/schedules/preview', request);
  expect(status).toBe(200);
  const { description, occurrences } = previewScheduleResponseSchema.parse(body).data;
  expect(description).toContain('02:30');
  expect(occurrences).toStrictEqual([
    { at: '2030-03-30T01:30:00.000Z', local: '2030-03-30T02:30:00+01:00', shifted: null },
    { at: '2030-03-31T01:00:00.000Z', local: '2030-03-31T03:00:00+02:00', shifted: 'gap' },
    { at: '2030-04-01T00:30:00.000Z', local: '2030-04-01T02:30:00+02:00', shifted: null },
  ]);
});

test('the history has timers and skips', async () => {
  const { data } = await put();
  const ids = [await addOccurrence(data.id, -3_600), await addOccurrence(data.id, -60)];
  await query(
    `INSERT INTO schedule_skips (schedule_id, scheduled_for, until, count, reason)
     VALUES ($1, now() - interval '50 minutes', now() - interval '10 minutes', 40, 'missed')`,
    [data.id],
  );
  const path = '/schedules/daily/occurrences?limit=2';
  const first = occurrenceListResponseSchema.parse((await api.request('GET', path)).body).data;
  expect(first.occurrences).toMatchObject([
    { type: 'timer', id: ids[1], origin: 'schedule', status: 'pending', attempts: 0 },
    { type: 'skip', count: 40, reason: 'missed' },
  ]);
  const second = await api.request('GET', `${path}&cursor=${first.next_cursor}`);
  expect(occurrenceListResponseSchema.parse(second.body).data).toMatchObject({
    occurrences: [{ id: ids[0] }],
    next_cursor: null,
  });
});

test('an occurrence is a timer like any other', async () => {
  const { data } = await put();
  const id = await addOccurrence(data.id, 600);
  expect(await api.request('PUT', `/timers/${id}`, { metadata: 1 })).toMatchObject({
    status: 200,
    body: { data: { schedule_key: 'daily', metadata: 1 } },
  });
  expect((await api.request('DELETE', `/timers/${id}`)).status).toBe(200);
  expect(await api.getTimer(id)).toMatchObject({ status: 'canceled', origin: 'schedule' });
});

test('reading needs the role read, changing needs write', async () => {
  const reader = await startTestApi({
    database: api.database,
    env: { API_KEYS: JSON.stringify([{ ...apiKeys[0], name: 'reader' }]) },
  });
  try {
    const headers = { 'x-api-key': KEYS.reader };
    const status = async (method: string, path: string, body?: object) =>
      (await reader.request(method, path, body, headers)).status;
    expect(await status('GET', '/schedules')).toBe(200);
    expect(await status('POST', '/schedules/preview', { cron: '@daily' })).toBe(200);
    expect(await status('PUT', '/schedules/a', DAILY)).toBe(403);
    expect(await status('DELETE', '/schedules/a')).toBe(403);
    for (const action of ['pause', 'resume', 'trigger', 'backfill'])
      expect(await status('POST', `/schedules/a/${action}`, {})).toBe(403);
  } finally {
    await reader.close();
  }
});
