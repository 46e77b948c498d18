import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import {
  errorResponseSchema,
  LIVE_EVENTS,
  type LiveDestinations,
  type LiveTimers,
} from '@timer-platform/callback-types';
import { MAX_SUBSCRIBERS } from '../../operations/events/event-hub.ts';
import { API_KEY, startTestApi, type TestApi } from '../../testing/test-api.ts';

const READ_KEY = 'a-read-key-of-more-than-32-characters!';
const DISPATCHER = '019ab3c4-6e0f-7c11-9a51-000000000001';
const TIMER = '019ab3c4-6e0f-7c11-9a51-000000000002';

let directory: string;
let api: TestApi;
let url: string;
const open: AbortController[] = [];

const keyFile = () => path.join(directory, 'keys.json');

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'events-'));
  writeFileSync(keyFile(), JSON.stringify([{ name: 'viewer', role: 'read', key: READ_KEY }]));
  api = await startTestApi({ env: { API_KEYS_FILE: keyFile() }, closeGraceMs: 100 });
  url = await api.app.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(() => {
  for (const controller of open.splice(0)) controller.abort();
});
afterAll(async () => {
  await api.close();
  await rm(directory, { recursive: true });
});

interface ReceivedEvent {
  readonly name: keyof typeof LIVE_EVENTS;
  readonly data: unknown;
}

/** Connects as a browser does. */
async function subscribe(key = READ_KEY, server = url) {
  const controller = new AbortController();
  open.push(controller);
  const response = await fetch(`${server}/events`, {
    headers: { 'x-api-key': key },
    signal: controller.signal,
  });
  return { response, events: eventsOf(response) };
}

async function* eventsOf(response: Response): AsyncGenerator<ReceivedEvent> {
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk as Uint8Array).toString();
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
      if (name !== undefined && data !== undefined)
        yield {
          name: name as ReceivedEvent['name'],
          data: LIVE_EVENTS[name as ReceivedEvent['name']].parse(JSON.parse(data)),
        };
    }
  }
}

async function nextOf(events: AsyncGenerator<ReceivedEvent>, name: ReceivedEvent['name']): Promise<unknown> {
  for (let next = await events.next(); next.done !== true; next = await events.next())
    if (next.value.name === name) return next.value.data;
  throw new Error(`the stream ended without the event ${name}`);
}

const sql = (text: string, values: unknown[] = []) => api.db.rows({ name: '', text }, values);

async function report(more: object): Promise<void> {
  const full = {
    version: 1,
    name: 'test:1',
    pid: 1,
    started_at: new Date().toISOString(),
    node: 'v22.12.0',
    service: '1.2.3',
    load: { in_flight: 0, held: 0, waiting: 0, unsettled: 0, max_in_flight: 1_000 },
    problem: null,
    destinations: [],
    sample: [],
    ...more,
  };
  await sql("INSERT INTO dispatchers (id, name) VALUES ($1, 'test:1') ON CONFLICT DO NOTHING", [DISPATCHER]);
  await sql(
    `INSERT INTO dispatcher_reports (dispatcher, report) VALUES ($1, $2)
     ON CONFLICT (dispatcher) DO UPDATE SET report = EXCLUDED.report, reported_at = clock_timestamp()`,
    [DISPATCHER, JSON.stringify(full)],
  );
}

test('a browser sees numbers at once, and then finished timers and changes of destinations', async () => {
  await report({});
  const { response, events } = await subscribe();
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(await nextOf(events, 'stats')).toMatchObject({ executing: { count: 0 }, lateness_p99_ms: null });
  await report({
    sample: [
      {
        id: TIMER,
        at: '2030-01-31T09:00:00.012+00:00',
        status: 'retried',
        callback_type: 'http',
        destination: 'https://a.example',
        lateness_ms: 2,
        error: 'status 503',
      },
    ],
    destinations: [
      {
        destination: 'https://a.example',
        breaker: 'open',
        open_until: '2030-01-31T09:00:10+00:00',
        in_flight: 0,
        waiting: 0,
        attempts_per_minute: 1,
        failures_per_minute: 1,
        p50_ms: 1,
        p99_ms: 1,
        last_failure: null,
      },
    ],
  });
  const { timers } = (await nextOf(events, 'timers')) as LiveTimers;
  expect(timers).toMatchObject([
    { id: TIMER, at: '2030-01-31T09:00:00.012Z', status: 'retried', error: 'status 503' },
  ]);
  const opened = (await nextOf(events, 'destinations')) as LiveDestinations;
  expect(opened).toMatchObject({
    destinations: [{ destination: 'https://a.example', breaker: 'open', paused_at: null }],
    more: false,
  });
  await api.request('POST', `/destinations/${encodeURIComponent('https://a.example')}/pause`);
  const paused = (await nextOf(events, 'destinations')) as LiveDestinations;
  expect(paused.destinations).toMatchObject([{ paused_at: expect.any(String), breaker: 'open' }]);
});

test('a stream ends when its key is removed', async () => {
  const { events } = await subscribe();
  const { events: other } = await subscribe(API_KEY);
  await nextOf(events, 'stats');
  writeFileSync(keyFile(), '[]');
  await expect(nextOf(events, 'timers')).rejects.toThrow('the stream ended');
  await nextOf(other, 'stats');
  expect((await subscribe()).response.status).toBe(401);
}, 15_000);

test('the number of streams is limited, and a place is free when one ends', async () => {
  const key = API_KEY;
  const streams = await Promise.all(Array.from({ length: MAX_SUBSCRIBERS }, () => subscribe(key)));
  expect(streams.every(({ response }) => response.status === 200)).toBe(true);
  const refused = await subscribe(key);
  expect(refused.response.status).toBe(409);
  expect(errorResponseSchema.parse(await refused.response.json()).reason).toBe('too_many_subscribers');
  open[0]?.abort();
  await expect(nextOf(streams[0]?.events ?? refused.events, 'stats')).rejects.toThrow();
  let status = 409;
  while (status === 409) ({ status } = (await subscribe(key)).response);
  expect(status).toBe(200);
});

test('a HEAD request does not start a stream', async () => {
  const response = await fetch(`${url}/events`, { method: 'HEAD', headers: { 'x-api-key': API_KEY } });
  expect(response.status).toBe(405);
});

test('streams end at once when the server closes', async () => {
  const other = await startTestApi({ database: api.database });
  const { events } = await subscribe(API_KEY, await other.app.listen({ host: '127.0.0.1', port: 0 }));
  await nextOf(events, 'stats');
  const started = performance.now();
  await other.close();
  await expect(nextOf(events, 'timers')).rejects.toThrow('the stream ended');
  expect(performance.now() - started).toBeLessThan(1_000);
});
