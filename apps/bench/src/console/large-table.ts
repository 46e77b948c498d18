import { setTimeout as delay } from 'node:timers/promises';
import { parsePositiveInteger, processOutput } from '@timer-platform/command-line';
import { Command } from 'commander';
import { BENCH_API_KEY, startTimerService, timerService } from '../contenders/timer-service.ts';
import { openBenchServer } from '../database/bench-server.ts';
import { summarizeDurations } from '../measure/quantiles.ts';
import { describeMachine, formatMachine } from '../report/machine.ts';
import { formatNumber, formatTable } from '../report/table.ts';
import { fillLargeTable } from './fill-large-table.ts';

/** How long the requests of the overview and of the list of timers take with many timers in the table. */

/** The service may answer from a result that is as old: each pass waits until it must read again. */
const RESULT_AGE_MS = 5_500;

const inOneHour = () => new Date(Date.now() + 3_600_000).toISOString();
const query = (parameters: Record<string, string>) =>
  `/timers?${new URLSearchParams({ limit: '50', ...parameters }).toString()}`;

const REQUESTS: readonly (readonly [string, () => string])[] = [
  ['statistics', () => '/stats'],
  ['forecast, 1 hour', () => '/forecast?until=1h'],
  ['forecast, 1 day', () => '/forecast?until=1d'],
  ['forecast, 31 days', () => '/forecast?until=31d'],
  ['forecast by destination, 1 hour', () => '/forecast?until=1h&by=destination'],
  ['forecast by destination, 1 day', () => '/forecast?until=1d&by=destination'],
  ['destinations', () => '/destinations'],
  ['dispatchers', () => '/dispatchers'],
  ['list', () => query({})],
  ['list, pending', () => query({ status: 'pending' })],
  ['list, pending by due time', () => query({ status: 'pending', sort: 'execute_at', order: 'asc' })],
  ['list, due in the next hour', () => query({ status: 'pending', due_before: inOneHour() })],
  ['list, failed', () => query({ status: 'failed' })],
  ['list, a common destination', () => query({ destination: 'https://service-3.example' })],
  ['list, a rare destination', () => query({ destination: 'https://rare.example' })],
  ['list, metadata', () => query({ metadata: '{"team":"team-7"}' })],
  ['list, text of an error', () => query({ status: 'failed', last_error: 'order 4848' })],
];

interface Options {
  readonly timers: number;
  readonly passes: number;
  readonly bound: number;
}

const output = processOutput(process.stdout, process.stderr);
const { timers, passes, bound } = new Command('bench:console-large')
  .description('Fills a table, and measures the requests of the overview and of the list of timers.')
  .option('--timers <n>', 'timers in the table', parsePositiveInteger, 10_000_000)
  .option('--passes <n>', 'how often each request is measured', parsePositiveInteger, 10)
  .option('--bound <ms>', 'exit with 1 if the median of a request is longer', parsePositiveInteger, 300)
  .addHelpText('after', '\nUses the PostgreSQL of DATABASE_URL, or starts a temporary one.')
  .parse()
  .opts<Options>();

async function timeRequest(url: string): Promise<number> {
  const startedMs = performance.now();
  const response = await fetch(url, { headers: { 'x-api-key': BENCH_API_KEY } });
  const body = await response.text();
  if (!response.ok) throw new Error(`GET ${url} returned ${response.status}: ${body}`);
  return performance.now() - startedMs;
}

async function measure(url: string): Promise<Map<string, number[]>> {
  const durations = new Map<string, number[]>(REQUESTS.map(([name]) => [name, []]));
  for (let pass = 1; pass <= passes; pass += 1) {
    output.note(`pass ${pass} of ${passes}`);
    for (const [name, path] of REQUESTS) durations.get(name)?.push(await timeRequest(url + path()));
    if (pass < passes) await delay(RESULT_AGE_MS);
  }
  return durations;
}

const server = await openBenchServer(process.env['DATABASE_URL']);
try {
  const database = await server.createDatabase('bench_console_large');
  await timerService.prepare(database);
  await fillLargeTable(database, timers, (stored) => {
    if (stored % 1_000_000 === 0) output.note(`${formatNumber(stored)} timers stored`);
  });
  const service = await startTimerService(database.url, { execPath: process.execPath, connections: 200 });
  const durations = await measure(service.url).finally(() => service.stop());
  const rows = [...durations].map(([name, values]) => ({ name, ...summarizeDurations(values) }));
  output.line(formatMachine(describeMachine(process.version)));
  output.line(server.description);
  output.line(
    formatTable(
      [`GET, ${formatNumber(timers)} timers`, 'median, ms', 'longest, ms'],
      rows.map(({ name, p50, max }) => [name, formatNumber(p50), formatNumber(max)]),
    ),
  );
  for (const { name } of rows.filter(({ p50 }) => p50 > bound)) {
    output.note(`${name}: the median is longer than ${bound} ms`);
    process.exitCode = 1;
  }
  await database.drop();
} finally {
  await server.stop();
}
