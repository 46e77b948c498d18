import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { type Output, parsePositiveInteger, processOutput, toJson } from '@timer-platform/command-line';
import { Command, InvalidArgumentError } from 'commander';
import { type ScenarioContext, SCENARIOS, type Sizes } from './compare-scenarios.ts';
import { installPeers } from './contenders/peers.ts';
import { timerService } from './contenders/timer-service.ts';
import { openBenchServer } from './database/bench-server.ts';
import { workspaceRoot } from './processes/child.ts';
import { startHttpReceiver } from './receiver/receiver.ts';
import { renderChart } from './report/chart.ts';
import { type Figure, Figures } from './report/figures.ts';
import { describeMachine, formatMachine } from './report/machine.ts';
import { METRICS } from './report/names.ts';
import { calculateRatios, type Ratio } from './report/ratios.ts';
import { formatNumber, formatTable } from './report/table.ts';

const CONNECTIONS = 200;
const WARM_UP = 2_000;

interface Options extends Sizes {
  readonly only: readonly string[];
  readonly rounds: number;
  readonly out: string;
  readonly json: boolean;
}

function parseScenarios(text: string): string[] {
  const names = text.split(',');
  for (const name of names)
    if (!(name in SCENARIOS))
      throw new InvalidArgumentError(`Unknown scenario "${name}"; use ${Object.keys(SCENARIOS).join(',')}.`);
  return names;
}

function parseIntegers(text: string): number[] {
  return text.split(',').map(parsePositiveInteger);
}

function readOptions(): Options {
  const names = Object.keys(SCENARIOS);
  return new Command('bench:compare')
    .description(
      'Compares the timer service with other schedulers on PostgreSQL and with the limits of its parts.',
    )
    .option('--only <scenarios>', 'scenarios to run, separated by commas', parseScenarios, names)
    .option('--rounds <n>', 'rounds; each runs every scenario once', parsePositiveInteger, 3)
    .option('--bursts <sizes>', 'timers in a burst, separated by commas', parseIntegers, [20_000, 100_000])
    .option(
      '--rates <rates>',
      'timers per second in steady, separated by commas',
      parseIntegers,
      [1_000, 3_000, 5_000],
    )
    .option(
      '--mixed-rate <n>',
      'timers per second that are stored ahead, in mixed',
      parsePositiveInteger,
      3_000,
    )
    .option('--search-seconds <n>', 'length of each step of search', parsePositiveInteger, 5)
    .option('--large <n>', 'timers of 1 MB', parsePositiveInteger, 2_500)
    .option('--timers <n>', 'timers in held and dead', parsePositiveInteger, 20_000)
    .option('--nats-timers <n>', 'timers in a burst to NATS', parsePositiveInteger, 50_000)
    .option('--seconds <n>', 'length of a steady load', parsePositiveInteger, 20)
    .option(
      '--finished <n>',
      'finished timers in the table, for the scenario held',
      parsePositiveInteger,
      200_000,
    )
    .option(
      '--pending <n>',
      'timers due within the next year; 10000000 for the full size',
      parsePositiveInteger,
      200_000,
    )
    .option('--herd <n>', 'timers due at the same instant', parsePositiveInteger, 100_000)
    .option(
      '--out <directory>',
      'directory for compare.json and compare.svg',
      path.join(workspaceRoot, '.timer/bench'),
    )
    .option('--json', 'print the figures as JSON instead of tables', false)
    .addHelpText('after', '\nUses the PostgreSQL of DATABASE_URL, or starts a temporary one.')
    .parse()
    .opts<Options>();
}

async function nodeVersion(execPath: string): Promise<string> {
  const { stdout } = await promisify(execFile)(execPath, ['--version']);
  return stdout.trim();
}

/** A step may slow down the one after it, so each round starts with another step. */
function rotate<Item>(items: readonly Item[], by: number): Item[] {
  const first = by % Math.max(items.length, 1);
  return [...items.slice(first), ...items.slice(0, first)];
}

/** A step that ended without a figure. The others go on: a comparison takes hours. */
interface FailedStep {
  readonly round: number;
  readonly step: string;
  readonly error: string;
}

async function measure({ only, rounds, ...sizes }: Options, figures: Figures, output: Output) {
  const failedSteps: FailedStep[] = [];
  const peers = await installPeers((line) => {
    output.note(line);
  });
  const machine = describeMachine(await nodeVersion(peers.execPath));
  const server = await openBenchServer(process.env['DATABASE_URL']);
  const { execPath } = peers;
  const receiver = await startHttpReceiver({ execPath });
  try {
    const log = (line: string) => {
      output.note(line);
    };
    const environment = { server, receiver, execPath, connections: CONNECTIONS, warmUp: WARM_UP };
    const context: ScenarioContext = { environment, peers: peers.contenders, figures, sizes, log };
    for (let round = 1; round <= rounds; round += 1)
      for (const name of only)
        for (const step of rotate(SCENARIOS[name]?.(context) ?? [], round - 1)) {
          output.note(`round ${round} of ${rounds}: ${step.name}`);
          try {
            await step.run();
          } catch (error) {
            failedSteps.push({ round, step: step.name, error: String(error) });
            output.note(`${step.name} failed: ${String(error)}`);
          }
        }
    const contenders = [timerService, ...peers.contenders].map(({ name, settings }) => ({ name, settings }));
    return {
      machine,
      server: server.description,
      contenders,
      connections: CONNECTIONS,
      rounds,
      sizes,
      failedSteps,
    };
  } finally {
    await receiver.stop();
    await server.stop();
  }
}

function formatFigure({ metric, median }: Figure): string {
  if (metric.startsWith('CPU')) return formatNumber(median, 3);
  return formatNumber(median, metric.endsWith(', ms') ? 2 : 0);
}

function figuresTable(figures: readonly Figure[]): string {
  const contenders = [...new Set(figures.map(({ contender }) => contender))];
  const rows = new Map<string, Figure[]>();
  for (const figure of figures) {
    const key = `${figure.scenario}\n${figure.metric}`;
    rows.set(key, [...(rows.get(key) ?? []), figure]);
  }
  let previous = '';
  return formatTable(
    ['scenario', 'median of', ...contenders],
    [...rows.values()].map((row) => {
      const { scenario = '', metric = '' } = row[0] ?? {};
      const name = scenario === previous ? '' : scenario;
      previous = scenario;
      const cells = contenders.map((contender) => {
        const figure = row.find((candidate) => candidate.contender === contender);
        return figure === undefined ? '' : formatFigure(figure);
      });
      return [name, metric, ...cells];
    }),
  );
}

function ratiosTable(ratios: readonly Ratio[]): string {
  return formatTable(
    ['ratio', 'value', 'target', ''],
    ratios.map(({ name, value, target, met }) => [
      name,
      formatNumber(value, 2),
      target,
      met ? 'met' : 'missed',
    ]),
  );
}

function hasDeliveryErrors(figures: readonly Figure[]): boolean {
  const errors: readonly string[] = [METRICS.missing, METRICS.early, METRICS.failed, METRICS.failedInnocents];
  return figures.some(({ metric, values }) => errors.includes(metric) && values.some((value) => value > 0));
}

async function main(): Promise<void> {
  const options = readOptions();
  const output = processOutput(process.stdout, process.stderr);
  const figures = new Figures();
  const run = await measure(options, figures, output);
  const peers = run.contenders.slice(1).map(({ name }) => name);
  const ratios = calculateRatios(figures, peers);
  const result = { ...run, ratios, figures: figures.all };
  await mkdir(options.out, { recursive: true });
  const file = path.join(options.out, 'compare.json');
  await writeFile(file, `${toJson(result)}\n`);
  await writeFile(
    path.join(options.out, 'compare.svg'),
    renderChart(formatMachine(run.machine), result.figures),
  );
  if (options.json) {
    output.json(result);
  } else {
    output.line(formatMachine(run.machine));
    output.line(run.server);
    for (const { name, settings } of run.contenders) output.line(`${name}: ${settings}`);
    output.line(
      `connections to the receiver: ${run.connections} per contender; rounds: ${run.rounds}, interleaved; figures are medians`,
    );
    output.line(`\n${figuresTable(result.figures)}\n\n${ratiosTable(ratios)}\n`);
    for (const { round, step, error } of run.failedSteps)
      output.line(`round ${round}: ${step} failed: ${error}`);
    output.line(`wrote ${file} and compare.svg`);
  }
  // Good figures mean nothing if timers were lost or fired early.
  if (hasDeliveryErrors(result.figures) || run.failedSteps.length > 0) process.exitCode = 1;
}

await main();
