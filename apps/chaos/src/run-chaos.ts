import { setTimeout as delay } from 'node:timers/promises';
import { type ChaosEnvironment, withChaosEnvironment } from './chaos-environment.ts';
import { DeliveryLog } from './delivery-log.ts';
import { CLOCK_FAULT, type FaultName, findObstacle, injectFault } from './faults/faults.ts';
import { describeCrashes } from './fleet.ts';
import { queryWithRetries } from './query-with-retries.ts';
import { type Random, seededRandom } from './random.ts';
import { RECEIVER_HOST } from './service-process.ts';
import { runLoad } from './timer-load.ts';
import {
  failedAttempts,
  waitingTimers,
  waitUntilDueFinished,
  waitUntilFinished,
  waitUntilNoneHeld,
} from './timer-rows.ts';
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
  /** Timers that waited for the clock of PostgreSQL after it had been set back. */
  readonly leftWaiting: number;
  /** Descriptions of timers that did not finish in time and of services that crashed. */
  readonly problems: readonly string[];
}

const LOAD_MS = 10_000;
const FAULTS_PER_ROUND = 2;
const RETRY = { max_attempts: 50, delays: ['500ms', '1s'] };
const FINISH_TIMEOUT_MS = 60_000;
/** How long a recovery may take: that of timers that were due, and that of claims of a killed service. */
export const RECOVERY_LIMIT_MS = 15_000;
/** No retry of this load, and nothing that dispatchers defer, is due later than this. */
const LONGEST_DELAY_MS = 75_000;
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

interface Finish {
  readonly postponed: ReadonlyMap<string, number>;
  readonly problems: readonly string[];
}

/**
 * Waits until every timer is finished. If the clock of PostgreSQL was stepped, some may be due in minutes only: once those
 * that are due are finished, sets it forward to the last of the others.
 */
async function finish({ db, clock }: ChaosEnvironment): Promise<Finish> {
  if (!clock.readings.wasStepped)
    return { postponed: new Map(), problems: await waitUntilFinished(db, FINISH_TIMEOUT_MS) };
  const late = await waitUntilDueFinished(db, FINISH_TIMEOUT_MS);
  const held = await waitUntilNoneHeld(db, RECOVERY_LIMIT_MS);
  const waiting = await waitingTimers(db);
  const latestMs = clock.readings.latestReading(Number.NEGATIVE_INFINITY, Date.now()) + LONGEST_DELAY_MS;
  const problems = [
    ...late,
    ...held.map((problem) => `${problem} long before it is due`),
    ...waiting.flatMap(({ id, dueMs }) =>
      dueMs > latestMs ? [`timer ${id} is postponed for too long`] : [],
    ),
  ];
  await clock.reach(Math.max(...waiting.map(({ dueMs }) => Math.min(dueMs, latestMs))));
  return {
    postponed: new Map(waiting.map(({ id, dueMs }) => [id, dueMs])),
    problems: [...problems, ...(await waitUntilFinished(db, FINISH_TIMEOUT_MS))],
  };
}

async function runRound(
  environment: ChaosEnvironment,
  deliveryLog: DeliveryLog,
  name: string,
  faults: readonly FaultName[],
  { timers, log }: ChaosOptions,
): Promise<RoundResult> {
  const { fleet, db, clock, random, http, nameServer, stream, client } = environment;
  const services = random.integer(FLEET.least, FLEET.most);
  await fleet.resize(services);
  await queryWithRetries(db, 'TRUNCATE timers CASCADE');
  await clock.restore();
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
    databaseMs: () => clock.nowMs(),
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
  const { postponed, problems } = await finish(environment);
  await stream.collect(deliveryLog);
  const verdict = judge(deliveryLog.timers, {
    faultIntervals,
    failedAttempts: await failedAttempts(db),
    clock: clock.readings,
    postponed,
  });
  const leftWaiting = postponed.size;
  return { services, faults, verdict, leftWaiting, problems: [...problems, ...describeCrashes(fleet)] };
}

/** Runs services under load, injects faults, and judges each round. */
export async function runChaos(options: ChaosOptions): Promise<RoundResult[]> {
  const random = seededRandom(options.seed);
  let deliveryLog = new DeliveryLog();
  const settings = {
    random,
    currentLog: () => deliveryLog,
    stepClock: options.faults.includes(CLOCK_FAULT),
  };
  return withChaosEnvironment(settings, async (environment) => {
    const faults = options.faults.filter((name) => {
      const obstacle = findObstacle(name, environment);
      if (obstacle !== undefined) options.log(`${name}: left out, ${obstacle}`);
      return obstacle === undefined;
    });
    if (faults.length === 0) throw new Error('no fault is possible here');
    const nextFaults = shuffledFaults(faults, random);
    const results: RoundResult[] = [];
    for (let round = 1; round <= options.rounds; round += 1) {
      options.log(`round ${round} of ${options.rounds}`);
      deliveryLog = new DeliveryLog();
      const chosen = new Set<FaultName>();
      while (chosen.size < Math.min(FAULTS_PER_ROUND, faults.length)) chosen.add(nextFaults.next().value);
      results.push(await runRound(environment, deliveryLog, `round-${round}`, [...chosen], options));
    }
    return results;
  });
}
