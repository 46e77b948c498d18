import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Destination, Dispatcher, Forecast, Stats } from '@timer-platform/callback-types';
import { startTimerService, type TimerServiceProcess } from '@timer-platform/test-support';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { createClient, type TimerClient } from '../client/timer-client.ts';
import { bundleProgram, type Finished, type Program } from '../testing/spawn-program.ts';

let program: Program;
let service: TimerServiceProcess;
let client: TimerClient;
// Before the database is dropped, which the hooks of withTestDatabase do.
afterAll(async () => {
  await Promise.all([service.stop(), program.remove()]);
});
const database = withTestDatabase();
beforeAll(async () => {
  [program, service] = await Promise.all([bundleProgram(), startTimerService({ databaseUrl: database.url })]);
  client = createClient({ url: service.url, apiKey: service.apiKey });
});

function timer(...args: string[]): Promise<Finished> {
  const env = { TIMER_URL: service.url, TIMER_API_KEY: service.apiKey, PATH: process.env['PATH'] ?? '' };
  return program.run(args, { env });
}

/** The JSON Lines that a command prints. */
async function results<Item>(...args: string[]): Promise<Item[]> {
  const { exitCode, stdout, stderr } = await timer(...args);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return stdout.split('\n').flatMap((line) => (line === '' ? [] : (JSON.parse(line) as Item)));
}

const A = 'https://a.example';

test('stats, forecast and dispatchers show what the service knows', async () => {
  const until = new Date(Date.now() + 600_000);
  await client.create({ delay: '5m', callback: { type: 'http', url: `${A}/hook` } });
  const [stats] = await results<Stats>('stats');
  expect(stats?.counts.pending).toEqual({ count: 1, estimated: false });
  const [forecast] = await results<Forecast>(
    'forecast',
    '--until',
    '10m',
    '--bucket',
    '10m',
    '--by',
    'destination',
  );
  expect(forecast?.by_destination).toEqual([{ destination: A, total: 1, counts: [1] }]);
  expect((await client.forecast({ until, bucket: '1h' })).buckets).toMatchObject([{ pending: 1 }]);
  const [dispatcher] = await results<Dispatcher>('dispatchers');
  expect(dispatcher).toMatchObject({ state: 'alive' });
  const table = await timer('--table', 'stats');
  expect(table.stdout).toMatch(/^pending +1$/m);
});

test('destinations are limited, paused, shown and resumed', async () => {
  const [limited] = await results<Destination>(
    'destinations',
    'limit',
    A,
    '--rate',
    '2.5',
    '--max-in-flight',
    '3',
  );
  expect(limited).toMatchObject({ destination: A, rate_per_second: 2.5, max_in_flight: 3 });
  const [paused] = await results<Destination>('destinations', 'pause', A, '--note', 'maintenance');
  expect(paused).toMatchObject({ pause_note: 'maintenance', paused_at: expect.any(String) });
  expect((await results<Destination>('destinations', 'list')).map(({ destination }) => destination)).toEqual([
    A,
  ]);
  await results('destinations', 'limit', A, '--rate', 'none');
  const [resumed] = await results<Destination>('destinations', 'resume', A);
  expect(resumed).toMatchObject({ paused_at: null, rate_per_second: null, max_in_flight: 3 });
  // The dispatcher reports that it knows the destination between two calls, or not yet.
  expect(await results('destinations', 'get', A)).toEqual([{ ...resumed, dispatchers: expect.any(Number) }]);
});

test.each([
  [['destinations', 'limit', A], 2],
  [['destinations', 'limit', A, '--rate', '0'], 2],
  [['destinations', 'pause', 'example.com'], 2],
  [['destinations', 'get', 'ftp://a.example'], 5],
  [['forecast', '--until', '32d'], 5],
])('timer %j ends with exit code %i', async (args, exitCode) => {
  const finished = await timer(...args);
  expect(finished).toMatchObject({ exitCode, stdout: '' });
});

test('an invalid Date is refused before it is sent', async () => {
  await expect(client.forecast({ until: new Date(NaN) })).rejects.toMatchObject({ kind: 'validation' });
});
