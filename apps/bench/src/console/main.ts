import { parsePositiveInteger, processOutput } from '@timer-platform/command-line';
import { Command } from 'commander';
import type { Contender } from '../contenders/contender.ts';
import { startTimerService, timerService } from '../contenders/timer-service.ts';
import { openBenchServer } from '../database/bench-server.ts';
import { startHttpReceiver } from '../receiver/receiver.ts';
import { Figures } from '../report/figures.ts';
import { describeMachine, formatMachine } from '../report/machine.ts';
import { formatNumber, formatTable } from '../report/table.ts';
import { runBurst } from '../scenarios/burst.ts';
import type { BenchEnvironment } from '../scenarios/environment.ts';
import { storePending } from '../scenarios/pending.ts';
import { runSteady } from '../scenarios/steady.ts';
import { openConsoleTab } from './console-tab.ts';

/** What open tabs of the console cost dispatch: the same loads without them and beside them, in turn. */

const CONNECTIONS = 200;
const WARM_UP = 2_000;
/** Tabs are not opened in the same millisecond. */
const TAB_SPACING_MS = 700;

interface Options {
  readonly tabs: number;
  readonly rounds: number;
  readonly burst: number;
  readonly rate: number;
  readonly seconds: number;
  readonly pending: number;
}

const output = processOutput(process.stdout, process.stderr);
const { tabs, rounds, burst, rate, seconds, pending } = new Command('bench:console')
  .description('Measures bursts and a steady load without the console, and beside open tabs of it.')
  .option('--tabs <n>', 'open tabs', parsePositiveInteger, 5)
  .option('--rounds <n>', 'rounds; each measures both', parsePositiveInteger, 3)
  .option('--burst <n>', 'timers in a burst', parsePositiveInteger, 20_000)
  .option('--rate <n>', 'timers per second in the steady load', parsePositiveInteger, 3_000)
  .option('--seconds <n>', 'length of the steady load', parsePositiveInteger, 20)
  .option('--pending <n>', 'timers due within the next year', parsePositiveInteger, 100_000)
  .addHelpText('after', '\nUses the PostgreSQL of DATABASE_URL, or starts a temporary one.')
  .parse()
  .opts<Options>();

/** Has the tabs open before the warm-up begins, and closes them before the service stops. */
function besideTabs(count: number): Contender {
  return {
    ...timerService,
    start: async ({ url }, startOptions) => {
      const service = await startTimerService(url, startOptions);
      const opened = Array.from({ length: count }, (_, n) => openConsoleTab(service.url, n * TAB_SPACING_MS));
      await Promise.all(opened.map((tab) => tab.loaded));
      return {
        ...service,
        stop: async () => {
          await Promise.all(opened.map((tab) => tab.close()));
          for (const tab of opened)
            if (tab.events() === 0 || tab.responses() === 0) throw new Error('a tab has received nothing');
          await service.stop();
        },
      };
    },
  };
}

async function measure(figures: Figures, name: string, contender: Contender): Promise<void> {
  const prepareDatabase = {
    prepareDatabase: (database: Parameters<typeof storePending>[0]) => storePending(database, pending),
  };
  output.note(`burst, ${name}`);
  const loaded = await runBurst(environment, contender, { timers: burst, ...prepareDatabase });
  figures.add('burst', name, {
    'callbacks/s': loaded.perSecond,
    'CPU µs each, service': loaded.processCpu * 1_000,
    'CPU µs each, PostgreSQL': loaded.postgresCpu * 1_000,
    missing: loaded.missing,
  });
  output.note(`steady, ${name}`);
  const steady = await runSteady(environment, contender, { perSecond: rate, seconds, ...prepareDatabase });
  figures.add('steady', name, {
    'lateness p50, ms': steady.lateness.p50,
    'lateness p99, ms': steady.lateness.p99,
    'CPU µs each, service': steady.processCpu * 1_000,
    'CPU µs each, PostgreSQL': steady.postgresCpu * 1_000,
    missing: steady.missing,
    early: steady.early,
  });
}

const server = await openBenchServer(process.env['DATABASE_URL']);
const receiver = await startHttpReceiver();
const environment: BenchEnvironment = {
  server,
  receiver,
  execPath: process.execPath,
  connections: CONNECTIONS,
  warmUp: WARM_UP,
};
try {
  const figures = new Figures();
  const contenders = [
    ['without the console', timerService],
    [`beside ${tabs} tabs`, besideTabs(tabs)],
  ] as const;
  for (let round = 1; round <= rounds; round += 1) {
    output.note(`round ${round} of ${rounds}`);
    // Each round begins with the other: the first may find a cooler machine.
    for (const [name, contender] of round % 2 === 1 ? contenders : contenders.toReversed())
      await measure(figures, name, contender);
  }
  output.line(formatMachine(describeMachine(process.version)));
  output.line(server.description);
  const names = contenders.map(([name]) => name);
  const rows = figures.all.filter(({ contender }) => contender === names[0]);
  output.line(
    formatTable(
      ['load', 'median and range of the rounds', ...names],
      rows.map(({ scenario, metric }) => [
        scenario,
        metric,
        ...names.map((name) => {
          const values = figures.values(scenario, name, metric).toSorted((one, other) => one - other);
          const [middle, least, most] = [values[values.length >> 1], values[0], values.at(-1)].map((value) =>
            formatNumber(value ?? Number.NaN, 2),
          );
          return `${middle} (${least}–${most})`;
        }),
      ]),
    ),
  );
  const errors = figures.all.filter(({ metric }) => metric === 'missing' || metric === 'early');
  // Good figures mean nothing if timers were lost or fired early.
  if (errors.some(({ values }) => values.some((value) => value > 0))) process.exitCode = 1;
} finally {
  await receiver.stop();
  await server.stop();
}
