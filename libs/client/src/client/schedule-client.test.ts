import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { defineCallback } from '../callbacks/define-callback.ts';
import { manualRuntime } from '../testing/manual-runtime.ts';
import { refusal, scriptedFetch, success } from '../testing/scripted-fetch.ts';
import { TimerError } from './errors.ts';
import { TimerClient } from './timer-client.ts';

const SCHEDULE = { key: 'daily', id: '019ab3c4-6e0f-7c11-9a51-0b2d5f5f3c5e', revision: 3 };
const WITHDRAWAL = { withdrawn: [], withdrawn_count: 0, running: [], running_count: 0 };
const callback = { type: 'http', url: 'https://shop.example/reports' } as const;
const unavailable = () => refusal(503, 1);
const lost = new TypeError('fetch failed');

function clientFor(...steps: Parameters<typeof scriptedFetch>) {
  const scripted = scriptedFetch(...steps);
  const options = { url: 'http://timers.example', apiKey: 'key', fetch: scripted.fetch };
  const sent = () =>
    scripted.requests.map(({ url, init }) => ({
      call: `${init.method} ${new URL(url).pathname}${new URL(url).search}`,
      body: init.body === undefined ? undefined : (JSON.parse(init.body) as unknown),
      headers: init.headers,
    }));
  return { schedules: new TimerClient(options, manualRuntime()).schedules, sent };
}

async function errorOf(promise: Promise<unknown>): Promise<TimerError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof TimerError) return error;
  throw new Error('expected a TimerError');
}

describe('put', () => {
  test('sends the schedule under its key, with instants of dates', async () => {
    const { schedules, sent } = clientFor(success({ ...SCHEDULE, ...WITHDRAWAL, changed: true }, 201));
    const start = new Date('2030-01-01T00:00:00Z');
    const { changed } = await schedules.put('a/b', { cron: '@daily', start_at: start, callback });
    expect(changed).toBe(true);
    expect(sent()).toMatchObject([
      {
        call: 'PUT /schedules/a%2Fb',
        body: { cron: '@daily', start_at: '2030-01-01T00:00:00.000Z', callback },
      },
    ]);
    expect(sent()[0]?.headers).not.toHaveProperty('if-match');
  });

  test('carries its conditions as headers', async () => {
    const { schedules, sent } = clientFor(
      success({ ...SCHEDULE, ...WITHDRAWAL, changed: true }),
      refusal(412, 12, { reason: 'schedule_exists' }),
    );
    await schedules.put('daily', { every: '1h', callback }, { ifRevision: 3 });
    expect(sent()[0]?.headers).toMatchObject({ 'if-match': '"3"' });
    const refused = schedules.put('daily', { every: '1h', callback }, { ifNew: true });
    expect(await errorOf(refused)).toMatchObject({ kind: 'preconditionFailed', reason: 'schedule_exists' });
    expect(sent()[1]?.headers).toMatchObject({ 'if-none-match': '*' });
  });

  test('takes a definition and its payload, and a wrong one does not compile', async () => {
    const report = defineCallback('report', z.object({ team: z.string() }), callback);
    const { schedules, sent } = clientFor(success({ ...SCHEDULE, ...WITHDRAWAL, changed: true }));
    await schedules.put('daily', report, { team: 'billing' }, { cron: '@daily', overlap: 'skip' });
    expect(sent()[0]?.body).toEqual({
      cron: '@daily',
      overlap: 'skip',
      callback: { ...callback, headers: { 'timer-callback': 'report' }, payload: { team: 'billing' } },
    });
    // @ts-expect-error -- team is a string
    await expect(schedules.put('daily', report, { team: 1 }, { cron: '@daily' })).rejects.toThrow('team');
    expect(sent()).toHaveLength(1);
  });

  test.each(['', '.', '..', 'a b', 'ü', 'x'.repeat(256)])('is not sent for the key %j', async (key) => {
    const { schedules, sent } = clientFor();
    expect(await errorOf(schedules.put(key, { cron: '@daily', callback }))).toMatchObject({
      kind: 'validation',
      tries: 0,
    });
    expect(sent()).toEqual([]);
  });
});

describe('the other methods', () => {
  test('have the paths and bodies of the API', async () => {
    const { schedules, sent } = clientFor(
      success(SCHEDULE),
      success({ ...SCHEDULE, ...WITHDRAWAL }),
      success(SCHEDULE),
      success({ id: 'a', status: 'pending' }, 201),
      success({ created: 0 }),
      success({ description: '', occurrences: [] }),
      success({ ...SCHEDULE, ...WITHDRAWAL }),
    );
    await schedules.get('daily');
    await schedules.pause('daily', { note: 'stocktaking', until: new Date('2030-02-04T00:00:00Z') });
    await schedules.resume('daily', { catch_up: 'latest' });
    await schedules.trigger('daily');
    await schedules.backfill('daily', {
      from: '2030-01-01T00:00:00Z',
      to: '2030-01-02T00:00:00Z',
      dry_run: true,
    });
    await schedules.preview({ cron: '@daily', count: 3 });
    await schedules.delete('daily');
    expect(sent()).toMatchObject([
      { call: 'GET /schedules/daily', body: undefined },
      {
        call: 'POST /schedules/daily/pause',
        body: { note: 'stocktaking', until: '2030-02-04T00:00:00.000Z' },
      },
      { call: 'POST /schedules/daily/resume', body: { catch_up: 'latest' } },
      { call: 'POST /schedules/daily/trigger', body: {}, headers: { 'idempotency-key': 'id-1' } },
      { call: 'POST /schedules/daily/backfill', body: { dry_run: true } },
      { call: 'POST /schedules/preview', body: { cron: '@daily', count: 3 } },
      { call: 'DELETE /schedules/daily', body: undefined },
    ]);
  });

  test('lists follow the cursor over all pages', async () => {
    const { schedules, sent } = clientFor(
      success({ schedules: [SCHEDULE], next_cursor: 'next' }),
      success({ schedules: [{ ...SCHEDULE, key: 'weekly' }], next_cursor: null }),
      success({ occurrences: [{ type: 'skip', count: 2 }], next_cursor: null }),
    );
    const keys: string[] = [];
    for await (const { key } of schedules.list({ prefix: 'd', paused: true })) keys.push(key);
    expect(keys).toEqual(['daily', 'weekly']);
    for await (const { type } of schedules.occurrences('daily')) expect(type).toBe('skip');
    expect(sent().map(({ call }) => call)).toEqual([
      'GET /schedules?limit=200&prefix=d&paused=true',
      'GET /schedules?limit=200&prefix=d&paused=true&cursor=next',
      'GET /schedules/daily/occurrences?limit=200',
    ]);
  });

  test('repeat a trigger with the same Idempotency-Key', async () => {
    const { schedules, sent } = clientFor(lost, unavailable(), success({ id: 'a', status: 'pending' }, 201));
    await schedules.trigger('daily');
    expect(new Set(sent().map(({ headers }) => headers['idempotency-key']))).toEqual(new Set(['id-1']));
    expect(sent()).toHaveLength(3);
  });

  test('a delete whose response was lost is a success when the schedule is gone', async () => {
    const gone = () => refusal(404, 3, { reason: 'schedule_not_found' });
    const repeated = clientFor(lost, gone());
    expect(await repeated.schedules.delete('daily')).toBeUndefined();
    const first = clientFor(gone());
    expect(await errorOf(first.schedules.delete('daily'))).toMatchObject({ kind: 'notFound' });
  });

  test('a preview and a dry run cannot have changed anything', async () => {
    const range = { from: '2030-01-01T00:00:00Z', to: '2030-01-02T00:00:00Z' };
    const failing = () => clientFor(...Array.from({ length: 7 }, () => lost)).schedules;
    expect((await errorOf(failing().preview({ cron: '@daily' }))).mayHaveSucceeded).toBe(false);
    expect((await errorOf(failing().backfill('daily', { ...range, dry_run: true }))).mayHaveSucceeded).toBe(
      false,
    );
    expect((await errorOf(failing().backfill('daily', range))).mayHaveSucceeded).toBe(true);
  });
});
