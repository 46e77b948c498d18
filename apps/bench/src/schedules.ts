import { setTimeout as delay } from 'node:timers/promises';
import { parseNonNegativeInteger, processOutput } from '@timer-platform/command-line';
import { migrateToLatest } from '@timer-platform/migrations';
import { scheduleFactory, spawnTimerService, startReceiver } from '@timer-platform/test-support';
import { Command } from 'commander';
import { openBenchServer } from './database/bench-server.ts';
import { describeMachine, formatMachine } from './report/machine.ts';

/**
 * What many schedules cost: one service while few of them occur, and while all of them occur at one instant.
 */

const SECOND_MS = 1_000;
const IDLE_SECONDS = 20;
const CHUNK = 10_000;
const API_KEY = 'a-key-of-a-service-that-only-a-benchmark-uses';

interface Usage {
  readonly cpuSeconds: number;
  readonly rssMiB: number;
}

const output = processOutput(process.stdout, process.stderr);
const { schedules } = new Command('bench:schedules')
  .option('--schedules <n>', 'number of schedules', parseNonNegativeInteger, 100_000)
  .parse()
  .opts<{ readonly schedules: number }>();

const server = await openBenchServer(process.env['DATABASE_URL']);
const database = await server.createDatabase('bench_schedules');
const { client } = database;
await migrateToLatest({ databaseUrl: database.url });
let arrived = 0;
const latenessMs: number[] = [];
const receiver = await startReceiver(({ headers, receivedAt }) => {
  arrived += 1;
  latenessMs.push(receivedAt - Date.parse(String(headers['timer-scheduled-for'])));
  return 200;
});
const service = await spawnTimerService({
  DATABASE_URL: database.url,
  API_KEY,
});

async function usage(): Promise<Usage> {
  const response = await fetch(`${service.url}/metrics`, { headers: { 'x-api-key': API_KEY } });
  const body = await response.text();
  const read = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(body)?.[1]);
  return {
    cpuSeconds: read('process_cpu_seconds_total'),
    rssMiB: read('process_resident_memory_bytes') / 1_048_576,
  };
}

async function measured(name: string, work: () => Promise<void>): Promise<void> {
  const before = await usage();
  const serverBefore = server.cpuSeconds();
  const startedMs = performance.now();
  await work();
  const seconds = (performance.now() - startedMs) / SECOND_MS;
  const after = await usage();
  output.line(
    `${name}: ${seconds.toFixed(1)} s; CPU of the service ${(after.cpuSeconds - before.cpuSeconds).toFixed(2)} s, of PostgreSQL ${(server.cpuSeconds() - serverBefore).toFixed(2)} s; memory of the service ${before.rssMiB.toFixed(0)} to ${after.rssMiB.toFixed(0)} MiB`,
  );
}

async function isDue(): Promise<boolean> {
  const { rows } = await client.query<{ due: boolean }>(
    'SELECT EXISTS (SELECT FROM schedules WHERE materialize_at <= now()) AS due',
  );
  return rows[0]?.due === true;
}

try {
  output.line(formatMachine(describeMachine(process.version)));
  await measured('no schedules', () => delay(IDLE_SECONDS * SECOND_MS));

  const atMs = Date.now() + 24 * 3_600 * SECOND_MS;
  const factory = scheduleFactory((text, values) => client.query(text, values));
  for (let stored = 0; stored < schedules; stored += CHUNK) {
    const instant = new Date(atMs);
    await factory.createMany(
      Array.from({ length: Math.min(CHUNK, schedules - stored) }, (_, index) => ({
        key: `schedule-${stored + index}`,
        recurrence: { cron: [`${index % 60} ${index % 24} * * *`] },
        time_zone: 'Europe/Berlin',
        next_at: instant,
        materialize_at: instant,
        callback_config: { type: 'http', url: `${receiver.url}/${index % 20}` },
      })),
    );
  }
  await client.query('ANALYZE schedules');
  await measured(`${schedules} schedules, none due`, () => delay(IDLE_SECONDS * SECOND_MS));

  const herdMs = Math.ceil(Date.now() / SECOND_MS) * SECOND_MS + 10 * SECOND_MS;
  await measured(`${schedules} schedules at one instant, planned from 5 s before`, async () => {
    await client.query(
      `UPDATE schedules SET recurrence = '{"every_ms": 86400000, "phase_ms": ${herdMs % 86_400_000}}', cursor_at = now(),
         next_at = $1, materialize_at = $1::timestamptz - interval '5 s'`,
      [new Date(herdMs)],
    );
    // The first pass has begun.
    await delay(herdMs - 4_000 - Date.now());
    while (await isDue()) await delay(250);
    output.line(`all were stored ${((Date.now() - herdMs) / SECOND_MS).toFixed(1)} s after the instant`);
    while (arrived < schedules) await delay(100);
  });
  latenessMs.sort((one, other) => one - other);
  const at = (share: number): string =>
    ((latenessMs[Math.floor((latenessMs.length - 1) * share)] ?? 0) / SECOND_MS).toFixed(2);
  output.line(`lateness of the herd: p50 ${at(0.5)} s, p99 ${at(0.99)} s, max ${at(1)} s`);
} finally {
  service.child.kill('SIGTERM');
  await service.exit;
  await receiver.stop();
  await database.drop();
  await server.stop();
}
