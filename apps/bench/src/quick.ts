import { processOutput } from '@timer-platform/command-line';
import { Command } from 'commander';
import { timerService } from './contenders/timer-service.ts';
import { openBenchServer } from './database/bench-server.ts';
import { measureUndiciLoop } from './limits/undici-loop.ts';
import { startHttpReceiver } from './receiver/receiver.ts';
import { describeMachine, formatMachine } from './report/machine.ts';
import { formatNumber, formatTable } from './report/table.ts';
import { runBurst } from './scenarios/burst.ts';
import type { BenchEnvironment } from './scenarios/environment.ts';
import { runSteady } from './scenarios/steady.ts';

const CONNECTIONS = 200;
const BURST_TIMERS = 20_000;
const WARM_UP = 2_000;
const STEADY_PER_SECOND = 500;
const STEADY_SECONDS = 20;

async function measure() {
  const machine = describeMachine(process.version);
  const server = await openBenchServer(process.env['DATABASE_URL']);
  const receiver = await startHttpReceiver();
  try {
    const environment: BenchEnvironment = {
      server,
      receiver,
      execPath: process.execPath,
      connections: CONNECTIONS,
      warmUp: WARM_UP,
    };
    const limit = await measureUndiciLoop({
      receiver,
      count: BURST_TIMERS,
      warmUp: WARM_UP,
      connections: CONNECTIONS,
    });
    const burst = await runBurst(environment, timerService, { timers: BURST_TIMERS });
    const steady = await runSteady(environment, timerService, {
      perSecond: STEADY_PER_SECOND,
      seconds: STEADY_SECONDS,
    });
    return { machine, server: server.description, limit, burst, steady };
  } finally {
    await receiver.stop();
    await server.stop();
  }
}

type Result = Awaited<ReturnType<typeof measure>>;

function table({ machine, server, limit, burst, steady }: Result): string {
  const { lateness } = steady;
  const rows = [
    ['bare undici loop, no database (limit)', 'callbacks/s', formatNumber(limit.perSecond)],
    [`burst: ${formatNumber(BURST_TIMERS)} due timers`, 'callbacks/s', formatNumber(burst.perSecond)],
    ['', '× limit', formatNumber(burst.perSecond / limit.perSecond, 2)],
    ['', 'CPU µs each, service', formatNumber(burst.processCpu * 1_000)],
    ['', 'CPU µs each, PostgreSQL', formatNumber(burst.postgresCpu * 1_000)],
    ['', 'peak RSS, MiB', formatNumber(burst.peakMib)],
    ['', 'missing', formatNumber(burst.missing)],
    ['', 'duplicates', formatNumber(burst.duplicates)],
    [
      `steady: ${STEADY_PER_SECOND}/s for ${STEADY_SECONDS} s`,
      'lateness p50, ms',
      formatNumber(lateness.p50, 2),
    ],
    ['', 'lateness p99, ms', formatNumber(lateness.p99, 2)],
    ['', 'lateness max, ms', formatNumber(lateness.max, 2)],
    ['', 'early', formatNumber(steady.early)],
    ['', 'missing', formatNumber(steady.missing)],
    ['', 'duplicates', formatNumber(steady.duplicates)],
  ];
  return [formatMachine(machine), server, '', formatTable(['measurement', 'figure', 'value'], rows)].join(
    '\n',
  );
}

async function main(): Promise<void> {
  const program = new Command('bench:quick')
    .description(
      'Measures throughput and lateness of the timer service, and the limit of its HTTP client, in about a minute.',
    )
    .option('--json', 'print the figures as JSON')
    .addHelpText('after', '\nUses the PostgreSQL of DATABASE_URL, or starts a temporary one.')
    .parse();
  const { json = false } = program.opts<{ json?: boolean }>();
  const result = await measure();
  const output = processOutput(process.stdout, process.stderr);
  if (json) output.json(result);
  else output.line(table(result));
  const { burst, steady } = result;
  // Good figures mean nothing if timers were lost or fired early.
  if (burst.missing > 0 || steady.missing > 0 || steady.early > 0) process.exitCode = 1;
}

await main();
