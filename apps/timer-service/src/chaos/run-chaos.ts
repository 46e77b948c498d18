import { setTimeout as delay } from 'node:timers/promises';
import { connect, type Database } from '@timer-platform/database';
import { openTemporaryPostgres } from '@timer-platform/database/embedded';
import { migrateToLatest } from '@timer-platform/database/migrations';
import { type NatsServer, startNatsServer } from '@timer-platform/database/testing';
import { FAULT_NAMES, type FaultName, inflict, patiently, type Victims } from './faults.ts';
import { Fleet } from './fleet.ts';
import { Ledger } from './ledger.ts';
import { type Random, seededRandom } from './random.ts';
import { openStreamSink, startHttpSink, type StreamSink } from './receivers.ts';
import { runLoad } from './timer-load.ts';
import { TimerClient } from './timer-client.ts';
import { type Disturbance, type FailedAttempt, judge, type Verdict } from './verdict.ts';

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
const QUIET_WITHIN_MS = 60_000;
const POLL_MS = 200;
const FLEET = { least: 2, most: 5 };

interface Stage extends Victims {
  readonly stream: StreamSink;
  readonly client: TimerClient;
}

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

/** Waits until every timer has come to an end; answers those that have not. */
async function waitForQuiet(db: Database): Promise<string[]> {
  const deadline = performance.now() + QUIET_WITHIN_MS;
  for (;;) {
    const rows = await patiently<{ id: string; status: string }>(
      db,
      `SELECT id, status FROM timers WHERE status IN ('pending', 'executing') LIMIT 5`,
    );
    if (rows.length === 0) return [];
    if (performance.now() > deadline) return rows.map(({ id, status }) => `timer ${id} is still ${status}`);
    await delay(POLL_MS);
  }
}

async function failedAttempts(db: Database): Promise<FailedAttempt[]> {
  const rows = await patiently<{ timer_id: string; started_at: Date; finished_at: Date }>(
    db,
    'SELECT timer_id, started_at, finished_at FROM timer_attempts',
  );
  return rows.map((row) => ({
    timerId: row.timer_id,
    startedMs: row.started_at.getTime(),
    finishedMs: row.finished_at.getTime(),
  }));
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
  };
  await Promise.all([runLoad(load), inflictAll()]);
  const unended = await waitForQuiet(db);
  await stream.collect(ledger);
  const crashed = fleet.crashed.map(
    ({ pid, log: lines }) => `service ${pid} ended by itself:\n${lines.join('\n')}`,
  );
  const verdict = judge(ledger.entries, disturbances, await failedAttempts(db));
  return { services, faults, verdict, troubles: [...unended, ...crashed] };
}

/** Runs services under load while everything around them is broken, and judges each round. */
export async function runChaos(options: ChaosOptions): Promise<RoundResult[]> {
  const random = seededRandom(options.seed);
  const closers: (() => Promise<unknown>)[] = [];
  try {
    // Durable: what the server has confirmed must be there after its process was killed.
    const server = await openTemporaryPostgres({
      durable: true,
      settings: { max_connections: '300' },
      log: () => undefined,
    });
    closers.push(() => server.stop());
    await migrateToLatest({ databaseUrl: server.url });
    const db = connect({
      url: server.url,
      applicationName: 'chaos',
      poolSize: 2,
      // Named statements do not survive the server's end any more than the connection does.
      transactionPooler: true,
      onIdleError: () => undefined,
    });
    closers.push(() => db.close());
    const nats: NatsServer = await startNatsServer({ jetstream: true });
    closers.push(() => nats.stop());
    const stream = await openStreamSink(nats.url);
    closers.push(() => stream.stop());
    let ledger = new Ledger();
    const http = await startHttpSink(() => ledger);
    closers.push(() => http.stop());
    const fleet = new Fleet({ databaseUrl: server.url, natsUrl: nats.url }, random);
    closers.push(() => fleet.stop());
    const stage: Stage = { fleet, db, nats, http, random, stream, client: new TimerClient(fleet.anyUrl) };

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
  } finally {
    for (const close of closers.toReversed()) await close();
  }
}

export { FAULT_NAMES };
