import { setTimeout as delay } from 'node:timers/promises';
import { FAULT_NAMES, type FaultName, inflict, patiently } from './faults.ts';
import { crashesOf } from './fleet.ts';
import { Ledger } from './ledger.ts';
import { type Random, seededRandom } from './random.ts';
import { type Stage, withStage } from './stage.ts';
import { runLoad } from './timer-load.ts';
import { failedAttempts, waitForQuiet } from './timer-rows.ts';
import { type Disturbance, judge, type Verdict } from './verdict.ts';

export interface ChaosOptions {
  readonly rounds: number;
  readonly seed: number;
  /** Timers of a round. */
  readonly timers: number;
  /** The faults to choose from; each comes up before any comes again. */
  readonly faults: readonly [FaultName, ...FaultName[]];
  readonly log: (line: string) => void;
}

export interface RoundResult {
  readonly services: number;
  readonly faults: readonly FaultName[];
  readonly verdict: Verdict;
  /** Timers that came to no end in the time given, and services that ended by themselves. */
  readonly troubles: readonly string[];
}

const LOAD_MS = 10_000;
const FAULTS_PER_ROUND = 2;
const RETRY = { max_attempts: 50, delays: ['500ms', '1s'] };
const QUIET_WITHIN_MS = 60_000;
const FLEET = { least: 2, most: 5 };

/** Faults in random order, over and over. */
function* dealt(faults: readonly FaultName[], random: Random): Generator<FaultName, never> {
  for (;;) {
    const deck = [...faults];
    while (deck.length > 0) {
      const [fault] = deck.splice(random.whole(0, deck.length - 1), 1);
      if (fault !== undefined) yield fault;
    }
  }
}

async function playRound(
  stage: Stage,
  ledger: Ledger,
  name: string,
  faults: readonly FaultName[],
  { timers, log }: ChaosOptions,
): Promise<RoundResult> {
  const { fleet, db, random, http, stream, client } = stage;
  const services = random.whole(FLEET.least, FLEET.most);
  await fleet.resize(services);
  await patiently(db, 'TRUNCATE timers CASCADE');
  const disturbances: Disturbance[] = [];
  const inflictAll = async (): Promise<void> => {
    const mending: Promise<void>[] = [];
    for (const fault of faults) {
      await delay(random.between(500, LOAD_MS / faults.length - 1_000));
      log(`  ${fault}`);
      mending.push(
        inflict(fault, stage, (disturbance) => {
          disturbances.push(disturbance);
        }),
      );
    }
    await Promise.all(mending);
  };
  const load = {
    client,
    ledger,
    random,
    httpUrl: http.url,
    natsTopic: stream.topic,
    name,
    timers,
    spanMs: LOAD_MS,
    retry: RETRY,
    coreNats: 0,
  };
  await Promise.all([runLoad(load), inflictAll()]);
  const unended = await waitForQuiet(db, QUIET_WITHIN_MS);
  await stream.collect(ledger);
  const verdict = judge(ledger.entries, disturbances, await failedAttempts(db));
  return { services, faults, verdict, troubles: [...unended, ...crashesOf(fleet)] };
}

/** Runs services under load while everything around them is broken, and judges each round. */
export async function runChaos(options: ChaosOptions): Promise<RoundResult[]> {
  const random = seededRandom(options.seed);
  let ledger = new Ledger();
  return withStage({ random, ledger: () => ledger }, async (stage) => {
    const deck = dealt(options.faults, random);
    const results: RoundResult[] = [];
    for (let round = 1; round <= options.rounds; round += 1) {
      options.log(`round ${round} of ${options.rounds}`);
      ledger = new Ledger();
      const faults = Array.from({ length: FAULTS_PER_ROUND }, () => deck.next().value);
      const result = await playRound(stage, ledger, `round-${round}`, faults, options);
      results.push(result);
    }
    return results;
  });
}

export { FAULT_NAMES };
