import { parseArgs } from 'node:util';
import { runJetStreamKills } from './jetstream-kills.ts';
import { runOutage } from './outage.ts';
import { describeJetStreamKills, describeOutage, describeRounds } from './report.ts';
import { FAULT_NAMES, runChaos } from './run-chaos.ts';
import { faultsOf, sumOf } from './verdict.ts';

const RECOVERY_LIMIT_MS = 15_000;

const HELP = `chaos:run [options]

Starts services on a PostgreSQL and a nats-server of their own, gives them timers, breaks things, and says what was promised
and what arrived. Exit code 1 when that is not right: a timer lost, early, delivered after its cancel or twice for no reason.

  --scenario random     two to five services, and whatever can be broken (the default):
                        ${FAULT_NAMES.slice(0, 4).join(', ')},
                        ${FAULT_NAMES.slice(4).join(', ')};
                        recovery may take ${RECOVERY_LIMIT_MS / 1_000} s
  --scenario jetstream  one service, killed again and again while it publishes to a stream: one message for each timer
  --scenario outage     NATS and the HTTP receiver are both down under load: nothing is lost, and nothing is marked
                        completed that was not delivered

  --timers <n>   timers (random: 2000 of a round, jetstream: 10000, outage: 4000)
  --rounds <n>   random: rounds of two faults each (20)
  --kills <n>    jetstream: how often the service is killed (10)
  --seconds <n>  outage: how long both are down (60)
  --seed <n>     random, outage: chooses faults, instants and timers; a run prints its own (at random)
  --json         print the result as JSON
  --help         this text
`;

/** What a scenario came to. */
interface Report {
  readonly text: string;
  readonly result: unknown;
  readonly faults: readonly string[];
}

interface Settings {
  readonly seed: number;
  readonly log: (line: string) => void;
  /** The number given with an option. */
  readonly number: (name: 'timers' | 'rounds' | 'kills' | 'seconds', fallback: number) => number;
}

const SCENARIOS: Readonly<Record<string, (settings: Settings) => Promise<Report>>> = {
  random: async ({ seed, log, number }) => {
    const rounds = number('rounds', 20);
    const timers = number('timers', 2_000);
    const results = await runChaos({ rounds, timers, seed, faults: FAULT_NAMES, log });
    const sum = sumOf(results.map(({ verdict }) => verdict));
    return {
      text: describeRounds(results),
      result: { seed, results },
      faults: [...faultsOf(sum, RECOVERY_LIMIT_MS), ...results.flatMap(({ troubles }) => troubles)],
    };
  },
  jetstream: async ({ log, number }) => {
    const result = await runJetStreamKills({
      timers: number('timers', 10_000),
      kills: number('kills', 10),
      log,
    });
    return { text: describeJetStreamKills(result), result, faults: result.faults };
  },
  outage: async ({ seed, log, number }) => {
    const seconds = number('seconds', 60);
    const result = await runOutage({ seconds, timers: number('timers', 4_000), seed, log });
    return { text: describeOutage(result), result: { seed, ...result }, faults: result.faults };
  },
};

/** @throws RangeError that names the option */
function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new RangeError(`--${name} must be a whole number`);
  return Number(text);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      scenario: { type: 'string', default: 'random' },
      rounds: { type: 'string' },
      kills: { type: 'string' },
      seconds: { type: 'string' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
      timers: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const run = Object.hasOwn(SCENARIOS, values.scenario) ? SCENARIOS[values.scenario] : undefined;
  if (run === undefined)
    throw new RangeError(`--scenario must be one of ${Object.keys(SCENARIOS).join(', ')}`);
  const seed = wholeNumber('seed', values.seed);
  const log = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
  log(`seed ${seed}`);
  const { text, result, faults } = await run({
    seed,
    log,
    number: (name, fallback) => wholeNumber(name, values[name] ?? String(fallback)),
  });
  process.stdout.write(`${values.json ? JSON.stringify(result, null, 2) : text}\n`);
  for (const fault of faults) process.stderr.write(`FAULT: ${fault}\n`);
  if (faults.length > 0) process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 2;
}
