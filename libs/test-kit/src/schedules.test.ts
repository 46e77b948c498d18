import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { defineCallback } from '@timer-platform/client';
import { z } from 'zod';
import { type Delivery, startTestKit, type TestKit } from './index.ts';

let kit: TestKit;
beforeAll(async () => {
  kit = await startTestKit({ startAt: '2030-03-20T00:00:00Z', settleTimeoutMs: 5_000 });
});
afterAll(() => kit.stop());
beforeEach(() => kit.reset());

const report = defineCallback('report', z.object({ team: z.string() }), {
  type: 'http',
  url: 'https://shop.example/reports',
});

function localHours(deliveries: readonly Delivery[], timeZone: string): string[] {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone, timeStyle: 'short' });
  return deliveries.map(({ at }) => format.format(at));
}

test('a daily schedule is delivered at its local time on each of 30 days, across a clock change', async () => {
  await kit.client.schedules.put(
    'daily',
    report,
    { team: 'billing' },
    { cron: '0 9 * * *', time_zone: 'Europe/Berlin' },
  );
  const deliveries = await kit.advance('30d');
  expect(localHours(deliveries, 'Europe/Berlin')).toEqual(Array(30).fill('09:00'));
  expect(new Set(deliveries.map(({ at }) => at.getUTCHours()))).toEqual(new Set([7, 8]));
  expect(deliveries.at(-1)).toMatchObject({
    payload: { team: 'billing' },
    headers: {
      'timer-schedule': 'daily',
      'timer-scheduled-for': '2030-04-18T07:00:00.000Z',
      'timer-origin': 'schedule',
    },
  });
});

test('an instant that is skipped is delivered at the clock change, a repeated one once', async () => {
  const night = { cron: '30 2 * * *', time_zone: 'Europe/Berlin' };
  await kit.client.schedules.put('night', report, { team: 'billing' }, night);
  await kit.setTime('2030-03-31T00:00:00Z');
  expect((await kit.advance('1d')).map(({ at }) => at.toISOString())).toEqual(['2030-03-31T01:00:00.000Z']);
  await kit.reset({ startAt: '2030-10-26T12:00:00Z' });
  await kit.client.schedules.put('night', report, { team: 'billing' }, night);
  expect((await kit.advance('1d')).map(({ at }) => at.toISOString())).toEqual(['2030-10-27T00:30:00.000Z']);
});

test('schedules and timers are delivered in the order of their instants', async () => {
  await kit.client.schedules.put('often', report, { team: 'often' }, { every: '1s' });
  await kit.client.schedules.put('minute', report, { team: 'minute' }, { every: '1m', phase: '30s500ms' });
  await kit.client.create(report, { team: 'timer' }, { delay: '30s250ms' });
  const deliveries = await kit.advance('1m');
  expect(deliveries).toHaveLength(62);
  expect(deliveries.slice(29, 33).map(({ payload }) => payload)).toEqual(
    ['often', 'timer', 'minute', 'often'].map((team) => ({ team })),
  );
});

test('a pause, an edit and a trigger act at their virtual instant', async () => {
  const { schedules } = kit.client;
  await schedules.put('hourly', report, { team: 'a' }, { every: '1h' });
  await kit.advance('2h30m');
  await schedules.pause('hourly', { until: '2030-03-20T05:30:00Z' });
  await schedules.trigger('hourly');
  expect((await kit.advance('2h30m')).map(({ headers }) => headers['timer-origin'])).toEqual(['trigger']);
  expect(await kit.advance('1h')).toHaveLength(1);
  await schedules.put('hourly', report, { team: 'b' }, { every: '1h' });
  expect((await kit.advance('1h')).map(({ payload }) => payload)).toEqual([{ team: 'b' }]);
  const origins: string[] = [];
  for await (const occurrence of schedules.occurrences('hourly'))
    origins.push(
      occurrence.type === 'timer' ? occurrence.origin : `${occurrence.count} ${occurrence.reason}`,
    );
  expect(origins).toEqual(['schedule', 'schedule', '3 paused', 'trigger', 'schedule', 'schedule']);
});

test('a schedule alone does not keep runUntilIdle going', async () => {
  await kit.client.schedules.put('daily', report, { team: 'billing' }, { cron: '@daily' });
  expect(await kit.runUntilIdle()).toEqual([]);
  expect(kit.now().toISOString()).toBe('2030-03-20T00:00:00.000Z');
  await kit.advance('1d');
  await kit.reset();
  expect((await kit.client.schedules.listPage()).schedules).toEqual([]);
});
