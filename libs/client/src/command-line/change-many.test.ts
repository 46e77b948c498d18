import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { OperatorAction, TimerSummary } from '@timer-platform/callback-types';
import {
  type Receiver,
  startReceiver,
  startTimerService,
  type TimerServiceProcess,
} from '@timer-platform/test-support';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { createClient, type TimerClient } from '../client/timer-client.ts';
import { startFaultyProxy } from '../testing/faulty-proxy.ts';
import { runCommandLine } from './run-command-line.ts';

let service: TimerServiceProcess;
let receiver: Receiver;
let client: TimerClient;
// Before the database is dropped, which the hooks of withTestDatabase do.
afterAll(async () => {
  await Promise.all([service.stop(), receiver.stop()]);
});
const database = withTestDatabase();
beforeAll(async () => {
  receiver = await startReceiver(() => 410);
  service = await startTimerService({ databaseUrl: database.url });
  client = createClient({ url: service.url, apiKey: service.apiKey });
});

interface Options {
  /** What is typed on a terminal; without it there is none. */
  readonly typed?: string;
  readonly url?: string;
}

async function timer(args: readonly string[], { typed, url = service.url }: Options = {}) {
  const isTTY = typed !== undefined;
  const written = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof written) => ({
    isTTY,
    write: (text: string) => {
      written[name] += text;
      return true;
    },
  });
  const exitCode = await runCommandLine(args, '0', {
    env: { TIMER_URL: url, TIMER_API_KEY: service.apiKey },
    stdin: Object.assign(Readable.from(isTTY ? [typed] : []), { isTTY }),
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    now: Date.now,
    listenForStop: () => new AbortController().signal,
  });
  return { exitCode, ...written };
}

/** The JSON Lines that a command prints. */
async function results<Item>(...args: string[]): Promise<Item[]> {
  const { exitCode, stdout, stderr } = await timer(args);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return stdout.split('\n').flatMap((line) => (line === '' ? [] : (JSON.parse(line) as Item)));
}

/** Stores timers and returns the options that select them. */
async function storeTimers(team: string, count: number): Promise<string[]> {
  const callback = { type: 'http', url: `https://${team}.example/hook` } as const;
  const stored = { execute_at: '2099-01-01T00:00:00Z', callback, metadata: { team } };
  await client.createMany(Array.from({ length: count }, () => stored));
  return ['--destination', `https://${team}.example`];
}

async function countDue(destination: string, from: string, status = 'pending'): Promise<number> {
  const found = await results<TimerSummary>(
    ...['list', '--destination', destination, '--status', status, '--due-from', from, '--all'],
  );
  return found.length;
}

test('cancel counts, cancels and is undone, as the audit log says', async () => {
  const filter = await storeTimers('cancel', 3);
  expect(await results('cancel', ...filter, '--dry-run')).toMatchObject([{ matched: 3, changed: 0 }]);
  const [canceled] = await results<{ action_id: string }>('cancel', ...filter, '--yes');
  expect(canceled).toMatchObject({ changed: 3, more: false, action_id: expect.any(String) });
  const id = canceled?.action_id ?? '';
  expect(await results<OperatorAction>('actions', '--limit', '1')).toMatchObject([{ id, affected: 3 }]);
  expect((await timer(['actions', '--table'])).stdout).toMatch(
    new RegExp(`^ID +AT .*\n${id} .* cancel_timers +- +3 +yes$`, 'm'),
  );
  expect(await results('undo', id, '--yes')).toEqual([{ restored: 3, skipped: 0 }]);
  expect(await timer(['undo', id, '--yes'])).toMatchObject({ exitCode: 5 });
  expect(await timer(['undo', randomUUID(), '--yes'])).toMatchObject({ exitCode: 3 });
});

test('asks on a terminal, after counting, and changes nothing without a yes', async () => {
  const filter = await storeTimers('ask', 2);
  for (const typed of ['n\n', '\n', ''])
    expect(await timer(['cancel', ...filter], { typed })).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: 'cancel 2 timers? [y/N] Nothing was changed.\n',
    });
  expect(await timer(['cancel', ...filter])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('add --yes'),
  });
  expect(await countDue('https://ask.example', '2099-01-01T00:00:00Z')).toBe(2);
  expect(await timer(['cancel', ...filter], { typed: 'y\n' })).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/^changed +2$/m),
  });
});

test('reschedule moves those that match, or those with these ids', async () => {
  await storeTimers('move', 3);
  const [first] = await results<TimerSummary>('list', '--metadata', '{"team":"move"}', '--limit', '1');
  await results('reschedule', first?.id ?? '', '--shift', '-1h', '--yes');
  const filter = ['--destination', 'https://move.example', '--due-from', '2099-01-01T00:00:00Z'];
  expect(await results('reschedule', ...filter, '--at', '2099-02-01T00:00:00Z', '--yes')).toMatchObject([
    { changed: 2 },
  ]);
  expect(await countDue('https://move.example', '2099-02-01T00:00:00Z')).toBe(2);
  expect(await countDue('https://move.example', '2098-12-31T23:00:00Z')).toBe(3);
});

test('run and retry change those that match', async () => {
  const callback = { type: 'http', url: receiver.url } as const;
  const { id } = await client.create({ delay: '1h', callback });
  const filter = ['--destination', new URL(receiver.url).origin];
  expect(await results('run', ...filter, '--yes')).toMatchObject([{ changed: 1 }]);
  while ((await client.get(id)).status !== 'failed');
  expect(await results('retry', '--last-error', '410', '--yes')).toMatchObject([{ changed: 1, more: false }]);
  await receiver.waitFor((requests) => requests.length === 2);
});

test('a command that ends with an error says how to go on, and no timer is moved twice', async () => {
  const filter = await storeTimers('lost', 2);
  const proxy = await startFaultyProxy(service.url);
  proxy.inject(() => 'cut after');
  const args = ['reschedule', ...filter, '--shift', '1h', '--yes'];
  const lost = await timer([...args, '--retries', '0'], { url: proxy.url });
  await proxy.stop();
  expect(lost).toMatchObject({ exitCode: 6, stdout: '' });
  const [option, actionId = ''] = /--action-id (\S+)/.exec(lost.stderr) ?? [];
  expect(option).toBeDefined();
  expect(await results(...args, '--action-id', actionId)).toMatchObject([
    { changed: 0, action_id: actionId },
  ]);
  expect(await countDue('https://lost.example', '2099-01-01T01:00:00Z')).toBe(2);
  expect(await countDue('https://lost.example', '2099-01-01T01:00:01Z')).toBe(0);
});

test.each([
  [['cancel']],
  [['cancel', '--dry-run']],
  [['cancel', '019ab3c4-6e0f-7c11-9a51-0b2d5f5f3c5e', '--all']],
  [['cancel', '--all', '--destination', 'https://a.example', '--yes']],
  [['cancel', '--metadata', '[1]', '--yes']],
  [['retry', '--yes']],
  [['reschedule', '--all', '--yes']],
  [['reschedule', '--all', '--yes', '--delay', '1h', '--shift', '1h']],
  [['reschedule', '--delay', '1h', '--yes']],
])('timer %j is a usage error', async (args) => {
  expect(await timer(args)).toMatchObject({ exitCode: 2, stdout: '' });
});
