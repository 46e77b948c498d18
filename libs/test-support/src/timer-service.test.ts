import { expect, test } from '@jest/globals';
import { withTestDatabase } from './jest.ts';
import { startTimerService } from './timer-service.ts';

const database = withTestDatabase();

test('a timer service starts on a free port, answers, stops, and starts again in its place', async () => {
  const first = await startTimerService({ databaseUrl: database.url });
  const response = await fetch(`${first.url}/timers`, { headers: { 'x-api-key': first.apiKey } });
  expect(response.status).toBe(200);
  await first.stop();
  await expect(fetch(first.url)).rejects.toThrow('fetch failed');

  const second = await startTimerService({
    databaseUrl: database.url,
    port: Number(new URL(first.url).port),
  });
  expect(second.url).toBe(first.url);
  await second.kill();
});

test('a timer service that cannot start says why', async () => {
  const start = startTimerService({ databaseUrl: database.url, env: { API_KEY: 'short' } });
  await expect(start).rejects.toThrow('API_KEY');
});
