import { type Output, parseNonNegativeInteger, processOutput } from '@timer-platform/command-line';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { FAULT_NAMES, type FaultName, isFaultName } from './faults/faults.ts';
import { runJetStreamKills } from './jetstream-kills.ts';
import { runOutage } from './outage.ts';
import { describeJetStreamKills, describeOutage, describeRounds, describeScheduleKills } from './report.ts';
import { RECOVERY_LIMIT_MS, runChaos } from './run-chaos.ts';
import { runScheduleKills } from './schedule-kills.ts';
import { findProblems, sumVerdicts } from './verdict.ts';

const SCENARIO_HELP = `
Scenarios:
  random     Two to five services. Each round injects two of these faults, where they are possible (slow DNS needs root on Linux,
             the clock libfaketime):
${FAULT_NAMES.map((name) => `               ${name}`).join('\n')}
             Recovery may take ${RECOVERY_LIMIT_MS / 1_000} s.
  jetstream  One service, killed repeatedly while it publishes to a stream, which must end up with one message per timer.
  outage     NATS and the HTTP receiver are both down under load. No timer may be lost, and none marked completed that was
             not delivered.
  schedules  Three services, and schedules that occur every second. One service is killed and one is frozen; each
             occurrence must be stored once and delivered.

Exit codes:
  0  all guarantees were kept
  1  a guarantee was violated: a timer was lost, early, delivered after its cancellation or delivered again without a fault
  2  the program failed or its options are invalid`;

/** The result of a scenario. */
interface Report {
  readonly text: string;
  readonly result: unknown;
  readonly problems: readonly string[];
}

interface Options {
  readonly scenario: string;
  readonly timers?: number;
  readonly rounds: number;
  readonly faults: readonly FaultName[];
  readonly kills: number;
  readonly seconds: number;
  readonly aligned: boolean;
  readonly seed: number;
  readonly json: boolean;
}

type Log = (line: string) => void;

const SCENARIOS: Readonly<Record<string, (options: Options, log: Log) => Promise<Report>>> = {
  random: async ({ rounds, timers = 2_000, seed, faults }, log) => {
    const results = await runChaos({ rounds, timers, seed, faults, log });
    const sum = sumVerdicts(results.map(({ verdict }) => verdict));
    return {
      text: describeRounds(results),
      result: { seed, results },
      problems: [...findProblems(sum, RECOVERY_LIMIT_MS), ...results.flatMap(({ problems }) => problems)],
    };
  },
  jetstream: async ({ kills, timers = 10_000 }, log) => {
    const result = await runJetStreamKills({ timers, kills, log });
    return { text: describeJetStreamKills(result), result, problems: result.problems };
  },
  outage: async ({ seconds, timers = 4_000, seed }, log) => {
    const result = await runOutage({ seconds, timers, seed, log });
    return { text: describeOutage(result), result: { seed, ...result }, problems: result.problems };
  },
  schedules: async ({ seconds, aligned, timers: schedules = 1_000 }, log) => {
    const result = await runScheduleKills({ schedules, seconds, aligned, log });
    return { text: describeScheduleKills(result), result, problems: result.problems };
  },
};

function parseFaults(text: string): FaultName[] {
  return text.split(',').map((name) => {
    if (!isFaultName(name)) throw new InvalidArgumentError(`Unknown fault "${name}".`);
    return name;
  });
}

/** @throws CommanderError for invalid options and after --help */
function readOptions(): Options {
  return new Command('chaos:run')
    .description(
      'Runs timer services on its own PostgreSQL and nats-server, injects faults, and checks that every timer is delivered as guaranteed.',
    )
    .addOption(
      new Option('--scenario <name>', 'what to run, see below')
        .choices(Object.keys(SCENARIOS))
        .default('random'),
    )
    .option(
      '--timers <n>',
      'timers (default: random 2000 per round, jetstream 10000, outage 4000), or schedules (1000)',
      parseNonNegativeInteger,
    )
    .option('--rounds <n>', 'random: number of rounds', parseNonNegativeInteger, 20)
    .option(
      '--faults <names>',
      'random: faults to choose from, separated by commas',
      parseFaults,
      FAULT_NAMES,
    )
    .option('--kills <n>', 'jetstream: how often the service is killed', parseNonNegativeInteger, 10)
    .option(
      '--seconds <n>',
      'outage: how long NATS and the receiver are down; schedules: how long they occur',
      parseNonNegativeInteger,
      60,
    )
    .option('--aligned', 'schedules: all occur at the same instant of each second', false)
    .addOption(
      new Option('--seed <n>', 'random, outage: seed for faults, times and timers; a run prints its seed')
        .argParser(parseNonNegativeInteger)
        .default(Math.floor(Math.random() * 1e9), 'random'),
    )
    .option('--json', 'print the result as JSON', false)
    .addHelpText('after', SCENARIO_HELP)
    .exitOverride()
    .parse()
    .opts<Options>();
}

async function main(output: Output): Promise<void> {
  const options = readOptions();
  const run = SCENARIOS[options.scenario];
  if (run === undefined) throw new RangeError(`unknown scenario ${options.scenario}`);
  output.note(`seed ${options.seed}`);
  const { text, result, problems } = await run(options, (line) => {
    output.note(line);
  });
  if (options.json) output.json(result);
  else output.line(text);
  for (const problem of problems) output.note(`PROBLEM: ${problem}`);
  if (problems.length > 0) process.exitCode = 1;
}

const output = processOutput(process.stdout, process.stderr);
try {
  await main(output);
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else {
    output.note(error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exitCode = 2;
  }
}
