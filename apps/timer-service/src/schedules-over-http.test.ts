import { afterAll, expect, test } from '@jest/globals';
import { pauseScheduleResponseSchema, putScheduleResponseSchema } from '@timer-platform/callback-types';
import { createTestDatabase, startReceiver } from '@timer-platform/test-support';
import { pino } from 'pino';
import { systemClock } from './clock.ts';
import { readConfig } from './config.ts';
import { startService } from './service.ts';

const API_KEY = 'a-key-of-a-service-that-only-tests-use';
const [database, receiver] = await Promise.all([createTestDatabase(), startReceiver()]);
const service = await startService({
  config: readConfig({
    DATABASE_URL: database.url,
    API_KEY,
    HOST: '127.0.0.1',
    PORT: '0',
    ALLOWED_DESTINATIONS: '127.0.0.1',
  }),
  databaseUrl: database.url,
  log: pino({ level: 'silent' }),
  clock: systemClock,
  random: Math.random,
});
afterAll(async () => {
  await service.stop();
  await Promise.all([receiver.stop(), database.drop()]);
});

async function call(method: string, path: string, body?: object): Promise<unknown> {
  const response = await fetch(`${service.url}/schedules/${path}`, {
    method,
    headers: { 'x-api-key': API_KEY, 'content-type': 'application/json' },
    body: JSON.stringify(body ?? {}),
  });
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

/** The occurrences that were received, as seconds since 1970, by the value of the header x-version. */
function received(version: string): number[] {
  return receiver.requests
    .filter(({ headers }) => headers['x-version'] === version)
    .map(({ headers }) => Date.parse(String(headers['timer-scheduled-for'])) / 1_000);
}

test('a schedule is delivered every second, through an edit and a pause, and no instant twice', async () => {
  await service.dispatching;
  const content = (version: string) => ({
    every: '1s',
    callback: { type: 'http', url: receiver.url, headers: { 'x-version': version } },
  });
  const stored = putScheduleResponseSchema.parse(await call('PUT', 'ticks', content('old')));
  await receiver.waitFor(2);
  const edited = putScheduleResponseSchema.parse(await call('PUT', 'ticks', content('new')));
  expect(edited.data).toMatchObject({ id: stored.data.id, changed: true, revision: 2 });
  // The seconds that are materialized ahead.
  expect(edited.data.withdrawn_count).toBeGreaterThan(3);
  await receiver.waitFor(() => received('new').length >= 2);
  const paused = pauseScheduleResponseSchema.parse(await call('POST', 'ticks/pause'));
  const pausedAt = Date.now();
  await call('POST', 'ticks/trigger');
  const isTriggered = () => receiver.requests.some(({ headers }) => headers['timer-origin'] === 'trigger');
  await receiver.waitFor(isTriggered);
  await call('POST', 'ticks/resume', { catch_up: 'none' });
  const resumedAt = Date.now();
  await receiver.waitFor(() => received('new').some((second) => second * 1_000 > resumedAt));

  const scheduled = receiver.requests.filter(({ headers }) => headers['timer-origin'] === 'schedule');
  const seconds = scheduled.map(({ headers }) => Date.parse(String(headers['timer-scheduled-for'])));
  expect(new Set(seconds).size).toBe(seconds.length);
  const beforePause = seconds.filter((at) => at < pausedAt).sort((a, b) => a - b);
  for (const [index, at] of beforePause.slice(1).entries())
    expect(at - (beforePause[index] ?? 0)).toBe(1_000);
  expect(Math.max(...received('old'))).toBeLessThan(Math.min(...received('new')));
  const running = paused.data.running.map(({ id }) => id);
  for (const { headers, receivedAt } of scheduled)
    if (receivedAt > pausedAt && receivedAt < resumedAt)
      expect(running).toContain(String(headers['webhook-id']));
  await call('DELETE', 'ticks');
});
