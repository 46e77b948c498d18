import { setTimeout as delay } from 'node:timers/promises';
import { type ChaosEnvironment, withChaosEnvironment } from './chaos-environment.ts';
import { DeliveryLog } from './delivery-log.ts';
import { type FaultName, injectFault, isPossible } from './faults/faults.ts';
import { describeCrashes } from './fleet.ts';
import { queryWithRetries } from './query-with-retries.ts';
import { type Random, seededRandom } from './random.ts';
import { RECEIVER_HOST } from './service-process.ts';
import { runLoad } from './timer-load.ts';
import { failedAttempts, waitUntilFinished } from './timer-rows.ts';
import { type FaultInterval, judge, type Verdict } from './verdict.ts';

export interface ChaosOptions {
  readonly rounds: number;
  readonly seed: number;
  /** Timers per round. */
  readonly timers: number;
  /** The faults to choose from. All are used before any is used again. */
  readonly faults: readonly FaultName[];
  readonly log: (line: string) => void;
}

export interface RoundResult {
  readonly services: number;
  readonly faults: readonly FaultName[];
  readonly verdict: Verdict;
  /** Descriptions of timers that did not finish in time and of services that crashed. */
  readonly problems: readonly string[];
}

const LOAD_MS = 10_000;
const FAULTS_PER_ROUND = 2;
const RETRY = { max_attempts: 50, delays: ['500ms', '1s'] };
const FINISH_TIMEOUT_MS = 60_000;
const FLEET = { least: 2, most: 5 };

/** Yields all faults in random order, repeatedly. */
function* shuffledFaults(faults: readonly FaultName[], random: Random): Generator<FaultName, never> {
  for (;;) {
    const remaining = [...faults];
    while (remaining.length > 0) {
      const [fault] = remaining.splice(random.integer(0, remaining.length - 1), 1);
      if (fault !== undefined) yield fault;
    }
  }
}

async function runRound(
  environment: ChaosEnvironment,
  deliveryLog: DeliveryLog,
  name: string,
  faults: readonly FaultName[],
  { timers, log }: ChaosOptions,
): Promise<RoundResult> {
  const { fleet, db, random, http, nameServer, stream, client } = environment;
  const services = random.integer(FLEET.least, FLEET.most);
  await fleet.resize(services);
  await queryWithRetries(db, 'TRUNCATE timers CASCADE');
  const faultIntervals: FaultInterval[] = [];
  const injectFaults = async (): Promise<void> => {
    const inProgress: Promise<void>[] = [];
    for (const fault of faults) {
      await delay(random.between(500, LOAD_MS / faults.length - 1_000));
      log(`  ${fault}`);
      inProgress.push(
        injectFault(fault, environment, (interval) => {
          faultIntervals.push(interval);
        }),
      );
    }
    await Promise.all(inProgress);
  };
  const load = {
    client,
    deliveryLog,
    random,
    httpUrl: nameServer === undefined ? http.url : http.url.replace('127.0.0.1', RECEIVER_HOST),
    natsTopic: stream.topic,
    name,
    timers,
    spanMs: LOAD_MS,
    retry: RETRY,
    coreNats: 0,
  };
  await Promise.all([runLoad(load), injectFaults()]);
  const unfinished = await waitUntilFinished(db, FINISH_TIMEOUT_MS);
  await stream.collect(deliveryLog);
  const verdict = judge(deliveryLog.timers, faultIntervals, await failedAttempts(db));
  return { services, faults, verdict, problems: [...unfinished, ...describeCrashes(fleet)] };
}

/** Runs services under load, injects faults, and judges each round. */
export async function runChaos(options: ChaosOptions): Promise<RoundResult[]> {
  const random = seededRandom(options.seed);
  let deliveryLog = new DeliveryLog();
  return withChaosEnvironment({ random, currentLog: () => deliveryLog }, async (environment) => {
    const faults = options.faults.filter((name) => isPossible(name, environment));
    for (const name of options.faults)
      if (!faults.includes(name)) options.log(`${name}: not possible here, left out`);
    if (faults.length === 0) throw new Error('no fault is possible here');
    const nextFaults = shuffledFaults(faults, random);
    const results: RoundResult[] = [];
    for (let round = 1; round <= options.rounds; round += 1) {
      options.log(`round ${round} of ${options.rounds}`);
      deliveryLog = new DeliveryLog();
      const chosen = Array.from({ length: FAULTS_PER_ROUND }, () => nextFaults.next().value);
      results.push(await runRound(environment, deliveryLog, `round-${round}`, chosen, options));
    }
    return results;
  });
}
