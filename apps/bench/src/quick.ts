import { Command } from 'commander';
import { timerService } from './contenders/timer-service.ts';
import { openBenchServer } from './database/bench-server.ts';
import { measureUndiciLoop } from './limits/undici-loop.ts';
import { startHttpReceiver } from './receiver/receiver.ts';
import { describeMachine, machineLine } from './report/machine.ts';
import { figure, textTable } from './report/table.ts';
import type { Arena } from './scenarios/arena.ts';
import { playBurst } from './scenarios/burst.ts';
import { playSteady } from './scenarios/steady.ts';

const CONNECTIONS = 200;
const BURST_TIMERS = 20_000;
const WARM_UP = 2_000;
const STEADY_PER_SECOND = 500;
const STEADY_SECONDS = 20;

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function measure() {
  const machine = describeMachine(process.version);
  const server = await openBenchServer(process.env['DATABASE_URL']);
  const receiver = await startHttpReceiver();
  try {
    const arena: Arena = {
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
    const burst = await playBurst(arena, timerService, { timers: BURST_TIMERS });
    const steady = await playSteady(arena, timerService, {
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
    ['bare undici loop, no database (limit)', 'callbacks/s', figure(limit.perSecond)],
    [`burst: ${figure(BURST_TIMERS)} due timers`, 'callbacks/s', figure(burst.perSecond)],
    ['', '× limit', figure(burst.perSecond / limit.perSecond, 2)],
    ['', 'CPU µs each, service', figure(burst.processCpu * 1_000)],
    ['', 'CPU µs each, PostgreSQL', figure(burst.postgresCpu * 1_000)],
    ['', 'peak RSS, MiB', figure(burst.peakMib)],
    ['', 'missing', figure(burst.missing)],
    ['', 'duplicates', figure(burst.duplicates)],
    [`steady: ${STEADY_PER_SECOND}/s for ${STEADY_SECONDS} s`, 'lateness p50, ms', figure(lateness.p50, 2)],
    ['', 'lateness p99, ms', figure(lateness.p99, 2)],
    ['', 'lateness max, ms', figure(lateness.max, 2)],
    ['', 'early', figure(steady.early)],
    ['', 'missing', figure(steady.missing)],
    ['', 'duplicates', figure(steady.duplicates)],
  ];
  return [machineLine(machine), server, '', textTable(['measurement', 'figure', 'value'], rows)].join('\n');
}

async function main(): Promise<void> {
  const program = new Command('bench:quick')
    .description(
      'Throughput and lateness of the timer service, beside the limit of its HTTP client, in about a minute.',
    )
    .option('--json', 'print the figures as JSON')
    .addHelpText(
      'after',
      '\nDATABASE_URL names the PostgreSQL to use; without it a throw-away one is started.',
    )
    .parse();
  const { json = false } = program.opts<{ json?: boolean }>();
  const result = await measure();
  print(json ? JSON.stringify(result, null, 2) : table(result));
  const { burst, steady } = result;
  // A fast figure of a service that loses timers or fires early would mean nothing.
  if (burst.missing > 0 || steady.missing > 0 || steady.early > 0) process.exitCode = 1;
}

await main();
