import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  type Destination,
  destinationListResponseSchema,
  destinationResponseSchema,
  dispatcherListResponseSchema,
  errorResponseSchema,
  type Forecast,
  forecastResponseSchema,
  LIMITS,
  type Stats,
  statsResponseSchema,
} from '@timer-platform/callback-types';
import { bucketOf, LATENESS_BUCKETS } from '@timer-platform/database';
import { scheduleFactory, timerFactory } from '@timer-platform/test-support';
import { startTestApi } from '../../testing/test-api.ts';

const READ_KEY = 'a-read-key-of-more-than-32-characters!';
/** A clock that the tests move, so that no result of a test before is returned. */
let monotonicMs = 0;
const api = await startTestApi({
  env: { API_KEYS: JSON.stringify([{ name: 'viewer', role: 'read', key: READ_KEY }]) },
  clock: { monotonicMs: () => monotonicMs, wallMs: () => Date.now() },
});
afterAll(() => api.close());

const sql = (text: string, values: unknown[] = []) => api.db.rows({ name: '', text }, values);
const timers = timerFactory((text, values) => sql(text, values));
const schedules = scheduleFactory((text, values) => sql(text, values));

const EVERYTHING =
  'timers, schedules, dispatchers, dispatcher_reports, dispatch_minutes, destination_settings, operator_actions, claim_batches';

beforeEach(async () => {
  await sql(`TRUNCATE ${EVERYTHING} CASCADE`);
  monotonicMs += 60_000;
});

async function stats(): Promise<Stats> {
  return statsResponseSchema.parse((await api.request('GET', '/stats')).body).data;
}

async function forecast(query: string): Promise<Forecast> {
  return forecastResponseSchema.parse((await api.request('GET', `/forecast?${query}`)).body).data;
}

async function destinations(): Promise<Destination[]> {
  const { body } = await api.request('GET', '/destinations');
  return destinationListResponseSchema.parse(body).data.destinations;
}

const inMs = (ms: number) => new Date(Date.now() + ms);

const DISPATCHERS = ['019ab3c4-6e0f-7c11-9a51-000000000001', '019ab3c4-6e0f-7c11-9a51-000000000002'] as const;

const QUIET = {
  breaker: 'closed',
  open_until: null,
  in_flight: 0,
  waiting: 0,
  attempts_per_minute: 0,
  failures_per_minute: 0,
  p50_ms: null,
  p99_ms: null,
  last_failure: null,
};

/** Stores a dispatcher with a report that is so old. */
async function dispatcher(id: string, reported: object[], ageMs = 0, heartbeatAgeMs = ageMs): Promise<void> {
  const report = {
    version: 1,
    name: 'test:1',
    pid: 1,
    started_at: new Date().toISOString(),
    node: 'v22.12.0',
    service: '1.2.3',
    load: { in_flight: 1, held: 2, waiting: 3, unsettled: 4, max_in_flight: 1_000 },
    problem: null,
    destinations: reported.map((each) => ({ ...QUIET, ...each })),
    sample: [],
  };
  await sql(
    "INSERT INTO dispatchers (id, name, heartbeat_at) VALUES ($1, 'test:1', clock_timestamp() - $2::integer * interval '1 ms')",
    [id, heartbeatAgeMs],
  );
  await sql(
    "INSERT INTO dispatcher_reports VALUES ($1, clock_timestamp() - $2::integer * interval '1 ms', $3::jsonb)",
    [id, ageMs, JSON.stringify(report)],
  );
}

describe('GET /stats', () => {
  test('counts the timers of a small table by state, one by one', async () => {
    await timers.createMany([
      { execute_at: inMs(60_000) },
      { execute_at: inMs(60_000) },
      { execute_at: inMs(-5_000) },
      { status: 'completed', execute_at: inMs(-5_000) },
      { status: 'failed', execute_at: inMs(-5_000) },
      { status: 'canceled', execute_at: inMs(-5_000) },
    ]);
    const [claimed] = await timers.createMany([{ execute_at: inMs(-1_000), claims: 7 }, {}]);
    await sql(
      "INSERT INTO claim_batches (due_from, due_to, timer_ids, tokens) VALUES (now() - interval '1 minute', now(), $1::uuid[], '{7}')",
      [[claimed]],
    );
    const [parked] = await timers.createMany([{ execute_at: inMs(-9_000) }]);
    await sql(
      "UPDATE timers SET due_since = execute_at, next_attempt_at = 'infinity', paused_for = 'http://receiver.test' WHERE id = $1",
      [parked],
    );
    const exact = (count: number) => ({ count, estimated: false });
    const { counts, due, oldest_due_age_ms: age } = await stats();
    expect({ counts, due }).toEqual({
      counts: {
        pending: exact(5),
        executing: exact(1),
        completed: exact(1),
        failed: exact(1),
        canceled: exact(1),
        paused: exact(1),
      },
      due: exact(1),
    });
    expect(age).toBeGreaterThanOrEqual(5_000);
  });

  test('uses the numbers of a table that is not small for 5 seconds', async () => {
    // Few timers in each page, so more than 250 pages.
    await sql('ALTER TABLE timers SET (fillfactor = 10)');
    await timers.createMany(Array.from({ length: 2_000 }, () => ({ status: 'completed' })));
    const completed = async () => (await stats()).counts.completed;
    expect(await completed()).toEqual({ count: 2_000, estimated: false });
    await timers.createMany([{ status: 'completed' }]);
    monotonicMs += 2_000;
    expect(await completed()).toEqual({ count: 2_000, estimated: false });
    monotonicMs += 4_000;
    expect(await completed()).toEqual({ count: 2_001, estimated: false });
    await sql('ALTER TABLE timers RESET (fillfactor)');
  });

  test('has no oldest due timer when none is due', async () => {
    await timers.createMany([{ execute_at: inMs(60_000) }]);
    expect(await stats()).toMatchObject({ oldest_due_age_ms: null, due: { count: 0 } });
  });

  test('adds up what all dispatchers did, with zeros for the minutes in which they did nothing', async () => {
    const histogram = (latenessMs: number, count: number): number[] => {
      const counts = new Array<number>(LATENESS_BUCKETS).fill(0);
      counts[bucketOf(latenessMs)] = count;
      return counts;
    };
    const insert = `INSERT INTO dispatch_minutes
      SELECT date_trunc('minute', now()) - $1::integer * interval '1 minute', $2, $3, $4, $5, $6, $7`;
    await sql(insert, [1, DISPATCHERS[0], 90, 1, 2, 3, histogram(10, 93)]);
    await sql(insert, [1, DISPATCHERS[1], 10, 0, 0, 0, histogram(1_000, 10)]);
    await sql(insert, [30, DISPATCHERS[0], 5, 0, 0, 0, histogram(10, 5)]);
    await sql(insert, [61, DISPATCHERS[0], 1_000, 0, 0, 0, histogram(10, 5)]);
    const { minutes, last_5_minutes: last } = await stats();
    expect(minutes).toHaveLength(60);
    expect(minutes.map(({ delivered }) => delivered).filter((delivered) => delivered > 0)).toEqual([5, 100]);
    expect(minutes[58]).toMatchObject({ delivered: 100, retried: 1, failed: 2, deferred: 3 });
    expect(minutes[57]).toMatchObject({ delivered: 0, lateness_p50_ms: null, lateness_p99_ms: null });
    expect(last).toEqual({
      delivered: 100,
      retried: 1,
      failed: 2,
      lateness_p50_ms: minutes[58]?.lateness_p50_ms,
      lateness_p99_ms: minutes[58]?.lateness_p99_ms,
    });
    expect(last.lateness_p50_ms).toBeGreaterThan(8);
    expect(last.lateness_p50_ms).toBeLessThan(12);
    expect(last.lateness_p99_ms).toBeGreaterThan(900);
  });

  test('is read once for all clients, and again after a second', async () => {
    await timers.createMany([{}]);
    expect((await stats()).counts.pending.count).toBe(1);
    await timers.createMany([{}]);
    expect((await stats()).counts.pending.count).toBe(1);
    monotonicMs += 1_000;
    expect((await stats()).counts.pending.count).toBe(2);
  });
});

describe('GET /dispatchers', () => {
  test('lists the dispatchers with their heartbeats and load', async () => {
    await dispatcher(DISPATCHERS[0], []);
    await dispatcher(DISPATCHERS[1], [], 20_000);
    await sql("UPDATE dispatchers SET started_at = started_at + interval '1 hour' WHERE id = $1", [
      DISPATCHERS[1],
    ]);
    const { body } = await api.request('GET', '/dispatchers');
    const found = dispatcherListResponseSchema.parse(body).data.dispatchers;
    expect(found).toMatchObject([
      {
        id: DISPATCHERS[0],
        name: 'test:1',
        state: 'alive',
        load: { in_flight: 1, held: 2, waiting: 3, unsettled: 4, max_in_flight: 1_000 },
        problem: null,
        node: 'v22.12.0',
        version: '1.2.3',
      },
      { id: DISPATCHERS[1], state: 'stalled' },
    ]);
    expect((await stats()).dispatchers).toEqual({ alive: 1, stalled: 1 });
  });

  test('shows one that has not reported, or in a format of another version', async () => {
    await dispatcher(DISPATCHERS[0], []);
    await sql('UPDATE dispatcher_reports SET report = \'{"version": 2}\'');
    await sql("INSERT INTO dispatchers (id, name, started_at) VALUES ($1, 'new', now() + interval '1 h')", [
      DISPATCHERS[1],
    ]);
    const { body } = await api.request('GET', '/dispatchers');
    const found = dispatcherListResponseSchema.parse(body).data.dispatchers;
    expect(found.map(({ load, node }) => ({ load, node }))).toEqual([
      { load: null, node: null },
      { load: null, node: null },
    ]);
    expect(found[1]?.reported_at).toBeNull();
  });
});

describe('destinations', () => {
  const A = 'https://a.example';
  const path = `/destinations/${encodeURIComponent(A)}`;
  const change = async (method: string, suffix: string, body?: object) =>
    destinationResponseSchema.parse((await api.request(method, `${path}${suffix}`, body)).body).data;
  const actions = () =>
    sql('SELECT client, action, target, request, affected::integer FROM operator_actions ORDER BY at, id');

  test('are listed as they are after each change, though the list may be a second old', async () => {
    const listed = async () =>
      (await destinations()).find(({ destination }) => destination === A)?.pause_note;
    expect(await listed()).toBeUndefined();
    await change('POST', '/pause', { note: 'maintenance' });
    expect(await listed()).toBe('maintenance');
    await change('PATCH', '', { rate_per_second: 2.5 });
    await change('POST', '/resume');
    expect(await listed()).toBeNull();
  });

  test('are paused with a note, keep their limits, and resume', async () => {
    expect(await change('PATCH', '', { rate_per_second: 2.5, max_in_flight: 3 })).toMatchObject({
      destination: A,
      paused_at: null,
      rate_per_second: 2.5,
      max_in_flight: 3,
      updated_by: 'default',
    });
    const paused = await change('POST', '/pause', { note: 'maintenance' });
    expect(paused).toMatchObject({ pause_note: 'maintenance', rate_per_second: 2.5, max_in_flight: 3 });
    expect(await change('POST', '/pause')).toMatchObject({ paused_at: paused.paused_at, pause_note: null });
    expect(await change('PATCH', '', { rate_per_second: null })).toMatchObject({
      paused_at: paused.paused_at,
      rate_per_second: null,
      max_in_flight: 3,
    });
    expect(await change('POST', '/resume')).toMatchObject({
      paused_at: null,
      pause_note: null,
      max_in_flight: 3,
    });
    expect(await actions()).toEqual([
      {
        client: 'default',
        action: 'limit_destination',
        target: A,
        request: { rate_per_second: 2.5, max_in_flight: 3 },
        affected: 1,
      },
      {
        client: 'default',
        action: 'pause_destination',
        target: A,
        request: { note: 'maintenance' },
        affected: 1,
      },
      { client: 'default', action: 'pause_destination', target: A, request: {}, affected: 1 },
      {
        client: 'default',
        action: 'limit_destination',
        target: A,
        request: { rate_per_second: null },
        affected: 1,
      },
      { client: 'default', action: 'resume_destination', target: A, request: {}, affected: 1 },
    ]);
  });

  test('have no row once nothing is set, and a resume without a pause records nothing', async () => {
    await change('POST', '/pause');
    await change('POST', '/resume');
    await change('POST', '/resume');
    expect(await change('PATCH', '', { max_in_flight: null })).toMatchObject({
      updated_at: null,
      updated_by: null,
    });
    expect(await sql('SELECT * FROM destination_settings')).toEqual([]);
    expect((await actions()).map(({ action }) => String(action))).toEqual([
      'pause_destination',
      'resume_destination',
      'limit_destination',
    ]);
  });

  test('merge their settings with what every dispatcher reports', async () => {
    const late = { at: '2030-01-31T09:00:00.000Z', error: 'status 503' };
    const early = { at: '2030-01-31T08:00:00.000Z', error: 'status 500' };
    await dispatcher(DISPATCHERS[0], [
      {
        destination: A,
        in_flight: 3,
        waiting: 1,
        attempts_per_minute: 60,
        failures_per_minute: 2,
        p50_ms: 5,
        p99_ms: 80,
        last_failure: early,
      },
      { destination: 'nats:orders', in_flight: 1 },
    ]);
    await dispatcher(DISPATCHERS[1], [
      {
        destination: A,
        breaker: 'open',
        open_until: '2030-01-31T09:00:10+00:00',
        in_flight: 4,
        waiting: 2,
        attempts_per_minute: 30,
        failures_per_minute: 1,
        p50_ms: 7,
        p99_ms: 50,
        last_failure: late,
      },
    ]);
    await change('PATCH', '', { max_in_flight: 9 });
    await api.request('POST', `/destinations/${encodeURIComponent('https://b.example')}/pause`);
    const [a, b, nats, ...others] = await destinations();
    expect(others).toEqual([]);
    expect(a).toMatchObject({
      destination: A,
      max_in_flight: 9,
      breaker: 'open',
      breaker_open_until: '2030-01-31T09:00:10.000Z',
      in_flight: 7,
      waiting: 3,
      attempts_per_minute: 90,
      failures_per_minute: 3,
      duration_p50_ms: 7,
      duration_p99_ms: 80,
      last_failure: late,
      dispatchers: 2,
    });
    expect(b).toMatchObject({
      destination: 'https://b.example',
      paused_at: expect.any(String),
      dispatchers: 0,
      breaker: 'closed',
    });
    expect(nats).toMatchObject({ destination: 'nats:orders', in_flight: 1, dispatchers: 1 });
  });

  test('do not show what a dispatcher reported more than 10 s ago', async () => {
    await dispatcher(DISPATCHERS[0], [{ destination: A, in_flight: 3 }], 11_000);
    expect(await destinations()).toEqual([]);
    const { body } = await api.request('GET', path);
    expect(destinationResponseSchema.parse(body).data).toMatchObject({ in_flight: 0, dispatchers: 0 });
  });

  test('count the timers that wait for the end of a pause', async () => {
    await timers.createMany([{}, {}, {}]);
    await sql("UPDATE timers SET next_attempt_at = 'infinity', due_since = now(), paused_for = $1", [A]);
    expect(await change('POST', '/pause')).toMatchObject({
      waiting_paused: 3,
      waiting_paused_estimated: false,
    });
  });

  test('are limited in number', async () => {
    await sql(
      `INSERT INTO destination_settings (destination, max_in_flight, updated_by)
       SELECT 'https://' || n || '.example', 1, 'test' FROM generate_series(1, $1::integer) AS n`,
      [LIMITS.destinationSettings],
    );
    const { status, body } = await api.request('POST', `${path}/pause`);
    expect({ status, reason: errorResponseSchema.parse(body).reason }).toEqual({
      status: 409,
      reason: 'too_many_destinations',
    });
    expect(await actions()).toEqual([]);
    const known = `/destinations/${encodeURIComponent('https://1.example')}/pause`;
    expect((await api.request('POST', known)).status).toBe(200);
  });

  test.each([
    ['PATCH', '', {}, 'body'],
    ['PATCH', '', { rate_per_second: 0 }, 'rate_per_second'],
    ['POST', '/pause', { note: 5 }, 'note'],
    ['POST', '/resume', { now: true }, 'now'],
  ])('refuse %s %s with %j', async (method, suffix, body, at) => {
    const response = await api.request(method, `${path}${suffix}`, body);
    expect(response.status).toBe(400);
    expect(errorResponseSchema.parse(response.body).errors?.map((issue) => issue.path)).toEqual([at]);
  });

  test('refuse a name that no destination has', async () => {
    const response = await api.request(
      'GET',
      `/destinations/${encodeURIComponent('https://a.example/path')}`,
    );
    expect(response.status).toBe(400);
    expect(errorResponseSchema.parse(response.body).errors?.map((issue) => issue.path)).toEqual(['path.key']);
  });

  test('may be read with a key of the role read, and changed only with one of the role admin', async () => {
    const headers = { 'x-api-key': READ_KEY };
    for (const readable of ['/stats', '/forecast', '/destinations', path, '/dispatchers'])
      expect((await api.request('GET', readable, undefined, headers)).status).toBe(200);
    for (const [method, suffix] of [
      ['PATCH', ''],
      ['POST', '/pause'],
      ['POST', '/resume'],
    ] as const)
      expect((await api.request(method, `${path}${suffix}`, { max_in_flight: 1 }, headers)).status).toBe(403);
    expect(await sql('SELECT * FROM destination_settings')).toEqual([]);
  });
});

describe('GET /forecast', () => {
  const MINUTE_MS = 60_000;

  test('counts timers by the minute in which they become due, and leaves others out', async () => {
    await timers.createMany([
      { execute_at: inMs(90_000) },
      { execute_at: inMs(95_000) },
      { execute_at: inMs(20 * MINUTE_MS) },
      { execute_at: inMs(2 * 60 * MINUTE_MS) },
      { execute_at: inMs(-1_000) },
      { execute_at: inMs(90_000), status: 'canceled' },
    ]);
    const [parked] = await timers.createMany([{ execute_at: inMs(-1_000) }]);
    await sql("UPDATE timers SET next_attempt_at = 'infinity', paused_for = 'http://a.test' WHERE id = $1", [
      parked,
    ]);
    const found = await forecast('until=1h');
    expect(found.buckets).toHaveLength(60);
    expect(found.bucket_ms).toBe(MINUTE_MS);
    expect(found.buckets.map(({ pending }) => pending)).toEqual([
      0,
      2,
      ...new Array<number>(17).fill(0),
      1,
      ...new Array<number>(40).fill(0),
    ]);
    expect(found.buckets.every(({ estimated }) => !estimated)).toBe(true);
    expect(found).toMatchObject({
      overdue: { count: 1, estimated: false },
      paused: { count: 1, estimated: false },
      by_destination: null,
      exact_until: found.until,
    });
    expect(Date.parse(found.until) - Date.parse(found.from)).toBe(60 * MINUTE_MS);
  });

  test('names the 20 largest destinations, and adds up the others', async () => {
    const rows = Array.from({ length: 25 }, (_, index) =>
      Array.from({ length: 25 - index }, () => ({
        execute_at: inMs(30_000),
        callback_config: { type: 'http', url: `https://H${index}.example:443/${index}?x#y` },
      })),
    );
    await timers.createMany([
      ...rows.flat(),
      {
        execute_at: inMs(30_000),
        callback_type: 'nats',
        callback_config: { type: 'nats', topic: 'orders', key: '1' },
      },
    ]);
    const { by_destination: found } = await forecast('until=1m&bucket=20s&by=destination');
    expect(found).toHaveLength(21);
    expect(found?.[0]).toEqual({ destination: 'https://h0.example', total: 25, counts: [0, 25, 0] });
    expect(found?.[19]).toEqual({ destination: 'https://h19.example', total: 6, counts: [0, 6, 0] });
    expect(found?.[20]).toEqual({ destination: null, total: 5 + 4 + 3 + 2 + 1 + 1, counts: [0, 16, 0] });
  });

  test('names destinations as the database does, however their URLs are spelled', async () => {
    const urls = [
      'http:\\\\b.example\\x',
      'HTTP://b.example:80',
      'http:/b.example',
      'http://b.example.?q',
      'http://me:pw@b.example/',
      '\thttp://b.ex\nample/',
    ];
    await timers.createMany(
      urls.map((url) => ({ execute_at: inMs(30_000), callback_config: { type: 'http', url } })),
    );
    const [row] = await sql(
      'SELECT array_agg(DISTINCT timer_destination(callback_config)) AS names FROM timers',
    );
    const { by_destination: found } = await forecast('until=1m&by=destination');
    expect(found?.map(({ destination }) => destination)).toEqual(row?.['names']);
    expect(found).toMatchObject([{ destination: 'http://b.example', total: urls.length }]);
  });

  test('counts the occurrences of schedules that are not stored yet', async () => {
    const cursor = inMs(0);
    await schedules.createMany([
      { recurrence: { every_ms: 30_000 }, cursor_at: cursor },
      {
        recurrence: { cron: ['0 * * * * *'] },
        cursor_at: cursor,
        callback_config: { type: 'http', url: 'http://cron.test/' },
      },
      {
        recurrence: { every_ms: 1_000 },
        cursor_at: cursor,
        materialize_at: null,
        paused_at: cursor,
        pause_reason: 'requested',
      },
      { recurrence: { every_ms: 1_000 }, cursor_at: cursor, end_at: inMs(-1_000) },
      { recurrence: { later: 'format' }, cursor_at: cursor },
    ]);
    const found = await forecast('until=1h&bucket=10m&by=destination');
    expect(found.buckets.map(({ occurrences }) => occurrences)).toEqual([30, 30, 30, 30, 30, 30]);
    expect(found.buckets.every(({ estimated, pending }) => !estimated && pending === 0)).toBe(true);
    expect(found.by_destination).toEqual([
      { destination: 'http://receiver.test', total: 120, counts: [20, 20, 20, 20, 20, 20] },
      { destination: 'http://cron.test', total: 60, counts: [10, 10, 10, 10, 10, 10] },
    ]);
  });

  test('estimates what comes after the first 10,000 timers of a large table', async () => {
    // One timer in each page: more pages than are read.
    await sql('ALTER TABLE timers SET (fillfactor = 10)');
    await sql(
      `INSERT INTO timers (execute_at, callback_config, metadata)
       SELECT now() + interval '1 minute' + n * interval '1 s', '{"type":"http","url":"http://a.test/"}',
         to_jsonb((SELECT string_agg(md5(random()::text), '') FROM generate_series(1, 20 + n % 2)))
       FROM generate_series(1, 12000) AS n`,
    );
    await sql('ALTER TABLE timers RESET (fillfactor)');
    const found = await forecast('until=4h&bucket=1h&by=destination');
    expect(found.buckets.map(({ estimated }) => estimated)).toEqual([false, false, true, true]);
    const [first, second, third, fourth] = found.buckets.map(({ pending }) => pending);
    expect(first).toBeGreaterThan(3_500);
    expect(second).toBe(3_600);
    expect(Math.abs((third ?? 0) - 3_600)).toBeLessThan(400);
    expect(Math.abs((fourth ?? 0) - 1_260)).toBeLessThan(400);
    const exactMs = Date.parse(found.exact_until) - Date.parse(found.from);
    expect(exactMs).toBeGreaterThan(10_000_000);
    expect(exactMs).toBeLessThan(10_062_000);
    expect(found.by_destination).toMatchObject([{ destination: 'http://a.test' }]);
    const { counts } = await stats();
    expect(counts.pending.estimated).toBe(true);
    expect(Math.abs(counts.pending.count - 12_000)).toBeLessThan(1_000);
    expect(counts).toMatchObject({
      completed: { count: 0, estimated: true },
      failed: { count: 0, estimated: false },
      paused: { count: 0, estimated: false },
    });
  });

  test.each([
    ['until=32d', 'query.until'],
    ['until=2020-01-01T00:00:00Z', 'query.until'],
    ['until=2999-01-01T00:00:00Z', 'query.until'],
    ['until=31d&bucket=1h', 'query.bucket'],
    ['bucket=1ms', 'query.bucket'],
    ['by=color', 'query.by'],
    ['limit=5', 'query.limit'],
  ])('refuses ?%s', async (query, at) => {
    const { status, body } = await api.request('GET', `/forecast?${query}`);
    expect(status).toBe(400);
    expect(errorResponseSchema.parse(body).errors?.map((issue) => issue.path)).toEqual([at]);
  });
});
