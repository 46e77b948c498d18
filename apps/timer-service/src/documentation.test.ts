import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  ERROR_REASONS,
  ERRORS,
  NATS_HEADERS,
  parseDuration,
  SCHEDULE_HEADERS,
  timerListResponseSchema,
  timerResponseSchema,
  WEBHOOK_HEADERS,
} from '@timer-platform/callback-types';
import {
  createTestDatabase,
  type NatsServer,
  runPsql,
  startNatsServer,
  type TestDatabase,
} from '@timer-platform/test-support';
import { connect as connectNats } from 'nats';
import { pino } from 'pino';
import { z } from 'zod';
import { apiSettingsSchema } from './api/api-settings.ts';
import { systemClock } from './clock.ts';
import { readConfig } from './config.ts';
import { developmentApiKey } from './development/api-key-file.ts';
import { startDevelopment } from './development/development-mode.ts';
import { maxAttempts, retryDelay } from './dispatch/settle/retry-schedule.ts';
import type { Service } from './service.ts';
import { runInShell, type ShellBlock, shellBlocks } from './testing/documented-calls.ts';

const readPage = (file: string) => readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8');
const apiPage = readPage('docs/api.md');
const readme = readPage('README.md');

describe('docs/api.md', () => {
  test('shows a response below each block of calls', () => {
    const blocks = shellBlocks(apiPage);
    const withoutResponse = blocks.filter(({ expected }) => expected === undefined);
    expect(withoutResponse.map(({ commands }) => commands)).toEqual([expect.stringMatching(/^export .*\n$/)]);
    expect(blocks.length).toBeGreaterThan(12);
    expect(blocks).toHaveLength(apiPage.match(/```sh$/gm)?.length ?? 0);
    expect(blocks).toHaveLength(1 + (apiPage.match(/```json/g)?.length ?? 0));
  });

  test('lists every code', () => {
    const unaligned = apiPage.replaceAll(/ {2,}/g, ' ');
    const rows = Object.values(ERRORS).map(
      ({ code, status, meaning }) => `| ${code} | ${status} | ${meaning} |`,
    );
    for (const row of rows) expect(unaligned).toContain(row);
    expect(unaligned.match(/^\| \d+ \| \d+ \|/gm)).toHaveLength(rows.length);
  });

  test('lists every reason', () => {
    const unaligned = apiPage.replaceAll(/ {2,}/g, ' ');
    const rows = Object.entries(ERROR_REASONS).map(
      ([reason, { error, meaning }]) => `| \`${reason}\` | ${ERRORS[error].code} | ${meaning} |`,
    );
    for (const row of rows) expect(unaligned).toContain(row);
    expect(unaligned.match(/^\| `[a-z_]+` \| \d+ \|/gm)).toHaveLength(rows.length);
  });

  test('lists the default delays of retries', () => {
    const delays = Array.from({ length: maxAttempts(null) - 1 }, (_, index) =>
      retryDelay(null, index + 1, 0),
    );
    const [, listed = ''] = /The delays after the failed ones are ([^;]*?), each/.exec(apiPage) ?? [];
    expect(listed.split(/,\s+| and /).map(parseDuration)).toEqual(delays);
  });

  test('names every header of a delivery', () => {
    for (const name of [WEBHOOK_HEADERS, NATS_HEADERS, SCHEDULE_HEADERS].flatMap(Object.values<string>))
      expect(apiPage).toContain(`\`${name}\``);
  });

  test('names every variable', () => {
    for (const name of Object.keys(apiSettingsSchema.in.shape)) expect(apiPage).toContain(`\`${name}\``);
  });
});

describe('the SQL of docs/api.md', () => {
  const [, sql = '', ...others] = apiPage.split(/```sql\n([\s\S]*?)```/);
  // Roles belong to the server, which other tests use as well.
  const role = `shop_${randomBytes(6).toString('hex')}`;
  let database: TestDatabase;

  /** Runs each text as one command of psql. */
  async function psql(...texts: string[]): Promise<string> {
    const args = ['-qAt', ...texts.flatMap((text) => ['-c', text])];
    const { exitCode, stdout, stderr } = await runPsql(database.url, args);
    expect([exitCode, stderr]).toEqual([0, '']);
    return stdout.trim();
  }

  beforeEach(async () => {
    database = await createTestDatabase();
    await psql(
      `CREATE ROLE ${role}`,
      'CREATE TABLE orders (id INTEGER PRIMARY KEY)',
      `GRANT INSERT ON orders TO ${role}`,
    );
  });
  afterEach(async () => {
    await psql(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    await database.drop();
  });

  test('a role with the documented grant stores an order and its timer', async () => {
    const [grant = '', transaction = '', ...rest] = sql.replaceAll(/\bshop\b/g, role).split('\n\n');
    expect([others, rest]).toEqual([[expect.not.stringContaining('```sql')], []]);
    const id = await psql(grant, `SET ROLE ${role}`, transaction);
    expect(
      await psql(
        `SELECT id, client, key, execute_at - created_at < '3 days 1 second', callback_config -> 'payload' FROM timers`,
        'SELECT id FROM orders',
      ),
    ).toBe(`${id}|sql:${role}|order-42|t|{"order": 42}\n42`);
  });
});

describe('the documented calls', () => {
  let directory: string;
  let database: TestDatabase;
  let nats: NatsServer;
  let service: Service;
  let apiKey: string;
  let printed: string[];

  // The service as `npm start` runs it with NATS_URL, but on the PostgreSQL of the tests.
  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'documented-calls-'));
    database = await createTestDatabase({ empty: true });
    nats = await startNatsServer({ jetstream: true });
    printed = [];
    const timerDirectory = path.join(directory, '.timer');
    const config = readConfig({
      TIMER_MODE: 'development',
      TIMER_DIRECTORY: timerDirectory,
      DATABASE_URL: database.url,
      NATS_URL: nats.url,
      PORT: '0',
    });
    service = await startDevelopment({
      config,
      log: pino({ level: 'silent' }),
      clock: systemClock,
      random: Math.random,
      print: (line) => printed.push(line),
    });
    apiKey = await developmentApiKey(timerDirectory);
  });
  afterEach(async () => {
    await service.stop();
    await nats.stop();
    await database.drop();
    await rm(directory, { recursive: true });
  });

  const run = (blocks: readonly Pick<ShellBlock, 'commands'>[]) =>
    runInShell(blocks, { directory, serviceUrl: service.url });

  async function call(method: string, route: string): Promise<unknown> {
    const response = await fetch(`${service.url}${route}`, { method, headers: { 'x-api-key': apiKey } });
    expect([method, route, response.status]).toEqual([method, route, 200]);
    return response.json();
  }

  async function expectDelivery(id: string): Promise<void> {
    for (;;) {
      const { data } = timerResponseSchema.parse(await call('GET', `/timers/${id}`));
      if (data.status === 'pending' || data.status === 'executing') continue;
      expect(data).toMatchObject({ status: 'completed', attempts: 1 });
      return;
    }
  }

  /** Runs all pending NATS timers. Returns the sorted subjects of the messages that a stream for `orders.>` got. */
  async function deliverNatsTimers(): Promise<string[]> {
    const list = await call('GET', '/timers?status=pending&callback_type=nats');
    const connection = await connectNats({ servers: nats.url });
    const manager = await connection.jetstreamManager();
    await manager.streams.add({ name: 'orders', subjects: ['orders.>'] });
    for (const { id } of timerListResponseSchema.parse(list).data.timers) {
      await call('POST', `/timers/${id}/run`);
      await expectDelivery(id);
    }
    const { state } = await manager.streams.info('orders', { subjects_filter: '>' });
    await connection.close();
    return Object.keys(state.subjects ?? {}).sort();
  }

  test('docs/api.md: every call returns the documented response, and the timers can be delivered', async () => {
    const blocks = shellBlocks(apiPage);
    const responses = await run(blocks);
    for (const [index, { commands, expected }] of blocks.entries())
      expect([commands, withPlaceholders(responses[index]?.at(-1) ?? null)]).toStrictEqual([
        commands,
        withPlaceholders(expected ?? null),
      ]);

    const runNow = responses[blocks.findIndex(({ commands }) => commands.includes('/run"'))]?.at(-1);
    await expectDelivery(idOf(runNow?.body));
    expect(await deliverNatsTimers()).toEqual(['orders.due', 'orders.due.42']);
  });

  test('README.md: every call creates a timer or a schedule, and the NATS message arrives', async () => {
    const [, examples = ''] = /^## The API by example\n([\s\S]*?)^## /m.exec(readme) ?? [];
    const [exports = [], ...created] = await run(shellBlocks(examples));
    expect(exports).toEqual([]);
    expect(created.map((responses) => responses.map(({ status }) => status))).toEqual([[201], [201], [201]]);
    expect(await deliverNatsTimers()).toEqual(['orders.due.42']);
  });

  test('npm start: the printed call creates a timer that the inspector receives', async () => {
    const commands = printed.find((line) => line.trimStart().startsWith('curl ')) ?? '';
    const [[created] = []] = await run([{ commands }]);
    expect(created).toMatchObject({ status: 201 });
    const id = idOf(created?.body);
    await call('POST', `/timers/${id}/run`);
    await expectDelivery(id);
    expect(await call('GET', '/inspector')).toMatchObject({
      callbacks: [{ path: '/inspector/hello', headers: { 'webhook-id': id }, body: { hello: 'world' } }, {}],
    });
  });
});

function idOf(body: unknown): string {
  return z.object({ data: z.object({ id: z.string() }) }).parse(body).data.id;
}

/** Replaces ids, cursors, the address of the service, the times of the run and whether the dispatcher has reported yet. */
function withPlaceholders(value: unknown): unknown {
  const json = JSON.stringify(value)
    .replace(/"[0-9a-f]{8}-[0-9a-f-]{27}"/g, '"<id>"')
    .replace(/"next_cursor":"[\w-]+"/g, '"next_cursor":"<cursor>"')
    .replace(/"dispatchers":[01]\b/g, '"dispatchers":"<reporting>"')
    .replace(/"http:\/\/127\.0\.0\.1:\d+"/g, '"<this service>"')
    .replace(/"20[2-8]\d-[\dT:.-]+Z"/g, '"<about now>"');
  return JSON.parse(json);
}
