import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { Command, InvalidArgumentError } from 'commander';
import { type Plan, SCENARIOS, type Sizes } from './compare-plan.ts';
import { installPeers } from './contenders/peers.ts';
import { timerService } from './contenders/timer-service.ts';
import { openBenchServer } from './database/bench-server.ts';
import { workspaceRoot } from './processes/child.ts';
import { startHttpReceiver } from './receiver/receiver.ts';
import { chart } from './report/chart.ts';
import { type Figure, Figures } from './report/figures.ts';
import { describeMachine, machineLine } from './report/machine.ts';
import { METRICS } from './report/names.ts';
import { type Ratio, ratiosOf } from './report/ratios.ts';
import { figure, textTable } from './report/table.ts';

const CONNECTIONS = 200;
const WARM_UP = 2_000;

interface Options extends Sizes {
  readonly only: readonly string[];
  readonly rounds: number;
  readonly out: string;
  readonly json: boolean;
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new InvalidArgumentError('must be a whole number above 0');
  return number;
}

function scenarioList(text: string): string[] {
  const names = text.split(',');
  for (const name of names)
    if (!(name in SCENARIOS))
      throw new InvalidArgumentError(`"${name}" is none of ${Object.keys(SCENARIOS).join(', ')}`);
  return names;
}

function readOptions(): Options {
  const names = Object.keys(SCENARIOS);
  return new Command('bench:compare')
    .description(
      'Compares the timer service with other schedulers on PostgreSQL, and with the limits of its parts.',
    )
    .option('--only <scenarios>', `some of ${names.join(',')}`, scenarioList, names)
    .option('--rounds <n>', 'how often everything is measured', wholeNumber, 3)
    .option('--timers <n>', 'timers of a burst', wholeNumber, 20_000)
    .option('--nats-timers <n>', 'timers of a burst to NATS', wholeNumber, 50_000)
    .option('--seconds <n>', 'length of a steady load', wholeNumber, 20)
    .option('--finished <n>', 'finished timers under the held transaction', wholeNumber, 200_000)
    .option(
      '--pending <n>',
      'timers due within the coming year; 10000000 for the full size',
      wholeNumber,
      200_000,
    )
    .option('--herd <n>', 'timers that are all due at the same instant', wholeNumber, 100_000)
    .option(
      '--out <directory>',
      'where the JSON file and the chart go',
      path.join(workspaceRoot, '.timer/bench'),
    )
    .option('--json', 'print the figures as JSON instead of tables', false)
    .addHelpText(
      'after',
      '\nDATABASE_URL names the PostgreSQL to use; without it a throw-away one is started.',
    )
    .parse()
    .opts<Options>();
}

async function nodeVersion(execPath: string): Promise<string> {
  const { stdout } = await promisify(execFile)(execPath, ['--version']);
  return stdout.trim();
}

function log(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** What runs first, or after something heavy, may pay for it: in each round something else begins. */
function rotated<Item>(items: readonly Item[], by: number): Item[] {
  const first = by % Math.max(items.length, 1);
  return [...items.slice(first), ...items.slice(0, first)];
}

async function measure({ only, rounds, ...sizes }: Options, figures: Figures) {
  const peers = await installPeers(log);
  const machine = describeMachine(await nodeVersion(peers.execPath));
  const server = await openBenchServer(process.env['DATABASE_URL']);
  const { execPath } = peers;
  const receiver = await startHttpReceiver({ execPath });
  try {
    const arena = { server, receiver, execPath, connections: CONNECTIONS, warmUp: WARM_UP };
    const plan: Plan = { arena, peers: peers.contenders, figures, sizes };
    for (let round = 1; round <= rounds; round += 1)
      for (const name of only)
        for (const step of rotated(SCENARIOS[name]?.(plan) ?? [], round - 1)) {
          log(`round ${round} of ${rounds}: ${step.name}`);
          await step.run();
        }
    const contenders = [timerService, ...peers.contenders].map(({ name, settings }) => ({ name, settings }));
    return { machine, server: server.description, contenders, connections: CONNECTIONS, rounds, sizes };
  } finally {
    await receiver.stop();
    await server.stop();
  }
}

/** Rates have no use for digits behind the point, CPU seconds need three. */
function shown({ metric, median }: Figure): string {
  if (metric.startsWith('CPU')) return figure(median, 3);
  return figure(median, metric.endsWith(', ms') ? 2 : 0);
}

function figuresTable(figures: readonly Figure[]): string {
  const contenders = [...new Set(figures.map(({ contender }) => contender))];
  const rows = new Map<string, Figure[]>();
  for (const one of figures) {
    const key = `${one.scenario}\n${one.metric}`;
    rows.set(key, [...(rows.get(key) ?? []), one]);
  }
  let last = '';
  return textTable(
    ['scenario', 'median of', ...contenders],
    [...rows.values()].map((row) => {
      const { scenario = '', metric = '' } = row[0] ?? {};
      const name = scenario === last ? '' : scenario;
      last = scenario;
      const cells = contenders.map((contender) => {
        const found = row.find((one) => one.contender === contender);
        return found === undefined ? '' : shown(found);
      });
      return [name, metric, ...cells];
    }),
  );
}

function ratiosTable(ratios: readonly Ratio[]): string {
  return textTable(
    ['ratio', 'value', 'aim', ''],
    ratios.map(({ name, value, aim, met }) => [name, figure(value, 2), aim, met ? 'reached' : 'missed']),
  );
}

function isUnsound(figures: readonly Figure[]): boolean {
  const faults: readonly string[] = [METRICS.missing, METRICS.early];
  return figures.some(({ metric, values }) => faults.includes(metric) && values.some((value) => value > 0));
}

async function main(): Promise<void> {
  const options = readOptions();
  const figures = new Figures();
  const about = await measure(options, figures);
  const peers = about.contenders.slice(1).map(({ name }) => name);
  const ratios = ratiosOf(figures, peers);
  const all = figures.all;
  const json = JSON.stringify({ ...about, ratios, figures: all }, null, 2);
  await mkdir(options.out, { recursive: true });
  const file = path.join(options.out, 'compare.json');
  await writeFile(file, `${json}\n`);
  await writeFile(path.join(options.out, 'compare.svg'), chart(machineLine(about.machine), all));
  if (options.json) {
    process.stdout.write(`${json}\n`);
  } else {
    const lines = [
      machineLine(about.machine),
      about.server,
      ...about.contenders.map(({ name, settings }) => `${name}: ${settings}`),
      `${about.connections} connections to the receiver for each, ${about.rounds} rounds, interleaved; medians`,
      '',
      figuresTable(all),
      '',
      ratiosTable(ratios),
      '',
      `${file}, and compare.svg beside it`,
    ];
    process.stdout.write(`${lines.join('\n')}\n`);
  }
  // Fast figures of something that loses timers or fires early would mean nothing.
  if (isUnsound(all)) process.exitCode = 1;
}

await main();
