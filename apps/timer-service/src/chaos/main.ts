import { parseArgs } from 'node:util';
import { FAULT_NAMES, type RoundResult, runChaos } from './run-chaos.ts';
import { faultsOf, sumOf, type Verdict } from './verdict.ts';

const RECOVERY_LIMIT_MS = 15_000;

const HELP = `timer-service:chaos [options]

Starts two to five services on a PostgreSQL and a nats-server of their own, gives them timers, and breaks things:
${FAULT_NAMES.join(', ')}.
Then says what was promised and what arrived. Exit code 1 when a timer was lost, early, delivered after its cancel or twice
for no reason, or when recovery took more than ${RECOVERY_LIMIT_MS / 1_000} s.

  --rounds <n>  rounds of two faults each (20)
  --seed <n>    chooses faults, instants and timers; a run prints its own (at random)
  --timers <n>  timers of a round (2000)
  --json        print every round as JSON
  --help        this text
`;

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** @throws RangeError that names the option */
function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new RangeError(`--${name} must be a whole number`);
  return Number(text);
}

function describe(verdict: Verdict): string {
  const { explainedDuplicates, unexplainedDuplicates, longestRecoveryMs } = verdict;
  return [
    `accepted ${verdict.accepted}`,
    `delivered ${verdict.delivered}`,
    `canceled ${verdict.canceled}`,
    `lost ${verdict.lost.length}`,
    `early ${verdict.early.length}`,
    `canceled-but-fired ${verdict.canceledButFired.length}`,
    `outdated ${verdict.outdated.length}`,
    `duplicates ${explainedDuplicates + unexplainedDuplicates.length} (explained ${explainedDuplicates})`,
    `longest recovery ${(longestRecoveryMs / 1_000).toFixed(1)} s`,
  ].join(', ');
}

function report(results: readonly RoundResult[]): readonly string[] {
  results.forEach(({ services, faults, verdict }, index) => {
    print(`round ${index + 1}: ${services} services; ${faults.join(', ')}`);
    print(`  ${describe(verdict)}`);
  });
  const sum = sumOf(results.map(({ verdict }) => verdict));
  print(`\nall ${results.length} rounds: ${describe(sum)}`);
  return [...faultsOf(sum, RECOVERY_LIMIT_MS), ...results.flatMap(({ troubles }) => troubles)];
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '20' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
      timers: { type: 'string', default: '2000' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    print(HELP);
    return;
  }
  const seed = wholeNumber('seed', values.seed);
  const log = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
  log(`seed ${seed}`);
  const results = await runChaos({
    rounds: wholeNumber('rounds', values.rounds),
    timers: wholeNumber('timers', values.timers),
    seed,
    faults: FAULT_NAMES,
    log,
  });
  if (values.json) print(JSON.stringify({ seed, results }, null, 2));
  const faults = values.json
    ? results.flatMap(({ verdict, troubles }) => [...faultsOf(verdict, RECOVERY_LIMIT_MS), ...troubles])
    : report(results);
  for (const fault of faults) process.stderr.write(`FAULT: ${fault}\n`);
  if (faults.length > 0) process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 2;
}
