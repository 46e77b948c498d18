import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Occurrence, Schedule, SchedulePreview, TimerSummary } from '@timer-platform/callback-types';
import {
  type Receiver,
  startReceiver,
  startTimerService,
  type TimerServiceProcess,
} from '@timer-platform/test-support';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import type { PutSchedule } from '../../client/schedule-shapes.ts';
import { createClient, type TimerClient } from '../../client/timer-client.ts';
import { bundleProgram, type Finished, type Program } from '../../testing/spawn-program.ts';

let program: Program;
let service: TimerServiceProcess;
let receiver: Receiver;
let directory: string;
let client: TimerClient;
// Before the database is dropped, which the hooks of withTestDatabase do.
afterAll(async () => {
  await Promise.all([service.stop(), receiver.stop(), program.remove()]);
  await rm(directory, { recursive: true });
});
const database = withTestDatabase();
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'timer-schedules-'));
  receiver = await startReceiver(() => 200);
  [program, service] = await Promise.all([bundleProgram(), startTimerService({ databaseUrl: database.url })]);
  client = createClient({ url: service.url, apiKey: service.apiKey });
});
beforeEach(async () => {
  for await (const { key } of client.schedules.list()) await client.schedules.delete(key);
});

function timer(args: readonly string[], stdin?: string): Promise<Finished> {
  const env = { TIMER_URL: service.url, TIMER_API_KEY: service.apiKey, PATH: process.env['PATH'] ?? '' };
  return program.run(['schedules', ...args], { env, ...(stdin !== undefined && { stdin }) });
}

/** The JSON Lines that a command prints. */
async function results<Item>(args: readonly string[], stdin?: string): Promise<Item[]> {
  const { exitCode, stdout, stderr } = await timer(args, stdin);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return stdout.split('\n').flatMap((line) => (line === '' ? [] : (JSON.parse(line) as Item)));
}

describe('timer schedules', () => {
  test('put stores a schedule of its options, and again changes nothing', async () => {
    const put = [
      ...['put', 'daily', '--cron', '0 9 * * MON-FRI', '--cron', '@monthly', '--time-zone', 'Europe/Berlin'],
      ...[
        '--exclude',
        '2099-12-24/2099-12-26',
        '--overlap',
        'skip',
        '--catch-up',
        'all',
        '--expires-after',
        '1h',
      ],
      ...['--http', receiver.url, '--payload', '{"report":1}', '--max-occurrences', '5'],
    ];
    const [first] = await results<PutSchedule>(put);
    expect(first).toMatchObject({ key: 'daily', changed: true, revision: 1 });
    const [second] = await results<PutSchedule>([...put, '--if-revision', '1']);
    expect(second).toMatchObject({ changed: false, revision: 1 });
    const [shown] = await results<Schedule>(['get', 'daily']);
    expect(shown).toMatchObject({
      cron: ['0 9 * * MON-FRI', '@monthly'],
      time_zone: 'Europe/Berlin',
      exclude: ['2099-12-24/2099-12-26'],
      overlap: 'skip',
      catch_up: 'all',
      expires_after: '1h',
      max_occurrences: 5,
      callback: { url: receiver.url, payload: { report: 1 } },
    });
    expect((await results<Schedule>(['list', '--prefix', 'da'])).map(({ key }) => key)).toEqual(['daily']);
    expect(await results(['list', '--paused'])).toEqual([]);
    const refused = await timer([...put, '--if-new']);
    expect([refused.exitCode, refused.stdout]).toEqual([5, '']);
  });

  test('pause, resume, trigger, occurrences, backfill and delete do so', async () => {
    await client.schedules.put('yearly', { cron: '@yearly', callback: { type: 'http', url: receiver.url } });
    const [paused] = await results<Schedule>(['pause', 'yearly', '--note', 'stocktaking']);
    expect(paused?.paused).toMatchObject({ note: 'stocktaking', reason: 'requested' });
    const [triggered] = await results<TimerSummary>(['trigger', 'yearly', '--idempotency-key', 'once']);
    const [again] = await results<TimerSummary>(['trigger', 'yearly', '--idempotency-key', 'once']);
    expect(again?.id).toBe(triggered?.id);
    const occurrences = await results<Occurrence>(['occurrences', 'yearly']);
    expect(occurrences).toEqual([
      expect.objectContaining({ type: 'timer', id: triggered?.id, origin: 'trigger' }),
    ]);
    const [resumed] = await results<Schedule>(['resume', 'yearly', '--catch-up', 'none']);
    expect(resumed?.paused).toBeNull();
    const range = ['--from', '2020-01-01T00:00:00Z', '--to', '2022-01-01T00:00:00Z'];
    const [backfill] = await results(['backfill', 'yearly', ...range, '--dry-run']);
    expect(backfill).toMatchObject({ dry_run: true, occurrences: 3, created: 0 });
    await results(['delete', 'yearly']);
    expect((await timer(['get', 'yearly'])).exitCode).toBe(3);
  });

  test('preview shows a timing, or a schedule, with clock changes', async () => {
    const timing = ['--cron', '30 2 * * *', '--time-zone', 'Europe/Berlin'];
    const from = ['--from', '2030-03-30T12:00:00Z', '--count', '1'];
    const [preview] = await results<SchedulePreview>(['preview', ...timing, ...from]);
    const occurrences = [
      { at: '2030-03-31T01:00:00.000Z', local: '2030-03-31T03:00:00+02:00', shifted: 'gap' },
    ];
    expect(preview).toMatchObject({ occurrences });
    await results(['put', 'nightly', ...timing, '--http', receiver.url]);
    expect((await results<SchedulePreview>(['preview', 'nightly', ...from]))[0]).toMatchObject({
      occurrences,
    });
    const table = await timer(['preview', ...timing, ...from, '--table']);
    expect(table.stdout).toContain('2030-03-31T03:00:00+02:00  gap');
    expect((await timer(['preview'])).exitCode).toBe(2);
  });
});

describe('timer schedules apply', () => {
  const FILE = (hour: number, more = '') => `
prefix: billing.
schedules:
  billing.daily:
    cron: '0 ${hour} * * *'
    callback: { type: http, url: '${receiver.url}', headers: { Authorization: Bearer secret } }
  billing.hourly:
    every: 60m
    callback: { type: http, url: '${receiver.url}' }
${more}`;

  interface Line {
    readonly key: string;
    readonly action: string;
    readonly changes: readonly { readonly field: string }[];
  }

  async function applied(text: string, ...args: string[]): Promise<string[]> {
    const lines = await results<Line>(['apply', '-', ...args], text);
    return lines.map(({ key, action, changes }) =>
      [action, key, ...changes.map(({ field }) => field)].join(' '),
    );
  }

  test('creates, changes and prunes what differs, and leaves the rest alone', async () => {
    const other = await client.schedules.put('shop.daily', {
      cron: '@daily',
      callback: { type: 'http', url: receiver.url },
    });
    const created = ['created billing.daily', 'created billing.hourly'];
    expect(await applied(FILE(9), '--dry-run')).toEqual(created);
    expect(await applied(FILE(9))).toEqual(created);
    const before = await client.schedules.get('billing.daily');
    expect(await applied(FILE(9), '--prune')).toEqual([
      'unchanged billing.daily',
      'unchanged billing.hourly',
    ]);
    expect(await client.schedules.get('billing.daily')).toEqual(before);
    expect(await applied(FILE(10))).toEqual(['changed billing.daily cron', 'unchanged billing.hourly']);

    const without = FILE(10).replace(/ {2}billing.hourly:[^]*/, '');
    expect(await applied(without)).toEqual(['unchanged billing.daily']);
    const pruned = ['unchanged billing.daily', 'pruned billing.hourly'];
    expect(await applied(without, '--prune', '--dry-run')).toEqual(pruned);
    expect(await applied(without, '--prune')).toEqual(pruned);
    const keys: string[] = [];
    for await (const { key } of client.schedules.list()) keys.push(key);
    expect(keys).toEqual(['billing.daily', 'shop.daily']);
    expect((await client.schedules.get('shop.daily')).revision).toBe(other.revision);
  });

  test('changes nothing if anything in the file is not valid, and names file and line', async () => {
    const path = join(directory, 'schedules.yaml');
    const more = `  billing.bad:
    cron: '0 0 30 2 *'
    time_zone: Mars/Olympus
    callback: { type: http, url: '${receiver.url}' }
`;
    await writeFile(path, FILE(9, more));
    const { exitCode, stdout, stderr } = await timer(['apply', path]);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`${path}:11: schedules.billing.bad.cron: never occurs`);
    expect(stderr).toContain(`${path}:12: schedules.billing.bad.time_zone: unknown time zone`);
    expect((await timer(['list'])).stdout).toBe('');
    await writeFile(path, FILE(9, '  billing.bad: { cron: "@daily", colour: red }\n'));
    expect((await timer(['apply', path])).stderr).toContain(
      `${path}:10: schedules.billing.bad.colour: unknown field`,
    );
  });

  test('prunes only with a prefix', async () => {
    const { exitCode, stderr } = await timer(['apply', '-', '--prune'], 'schedules: {}');
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('needs a prefix')]);
  });

  test('shows what differs on a terminal', async () => {
    await applied(FILE(9));
    const { stdout } = await timer(['apply', '-', '--dry-run', '--table'], FILE(10));
    expect(stdout).toBe(
      'changed    billing.daily\n           cron: ["0 9 * * *"] → ["0 10 * * *"]\nunchanged  billing.hourly\n',
    );
  });
});
