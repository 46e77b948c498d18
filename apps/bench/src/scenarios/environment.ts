import { setTimeout as delay } from 'node:timers/promises';
import type { Contender, Job, StartOptions } from '../contenders/contender.ts';
import type { BenchDatabase, BenchServer } from '../database/bench-server.ts';
import { countDeadRows } from '../database/dead-rows.ts';
import type { Child } from '../processes/child.ts';
import { benchPayload } from '../receiver/arrivals.ts';
import type { Receiver } from '../receiver/receiver.ts';

/** What every scenario runs on. */
export interface BenchEnvironment {
  readonly server: BenchServer;
  readonly receiver: Receiver;
  readonly execPath: string;
  /** Connections to the receiver, for every contender and for the limit. */
  readonly connections: number;
  /** Callbacks before each measurement: they get code compiled, statements planned and connections opened. */
  readonly warmUp: number;
}

/** A contender that has started on its own database and is warmed up. */
export interface RunningContender {
  readonly contender: Contender;
  readonly database: BenchDatabase;
  readonly process: Child;
  /** Callbacks before the measurement. */
  readonly warmedUp: number;
  /** Row versions that were left behind before the contender started. */
  readonly deadRowsBefore: number;
}

const FINISH_POLL_MS = 50;
const FINISH_TIMEOUT_MS = 60_000;

/** Creates jobs that call the receiver; `dueMs` returns the due instant of job `n`. */
export function createJobs(receiver: Receiver, count: number, dueMs: (n: number) => number): Job[] {
  return Array.from({ length: count }, (_, n) => ({
    url: receiver.target,
    payload: benchPayload(n, dueMs(n)),
  }));
}

/** Starts a contender on a new database, warms it up and measures it. Stops it and drops the database at the end. */
export async function withContender<Result>(
  environment: BenchEnvironment,
  contender: Contender,
  measure: (running: RunningContender) => Promise<Result>,
  options: Partial<StartOptions> = {},
  prepareDatabase: (database: BenchDatabase) => Promise<unknown> = () => Promise.resolve(),
): Promise<Result> {
  const { server, execPath, connections } = environment;
  const database = await server.createDatabase(`bench_${contender.name.replaceAll('-', '_')}`);
  try {
    await contender.prepare(database);
    await prepareDatabase(database);
    const deadRowsBefore = await countDeadRows(database.client);
    const process = await contender.start(database, { execPath, connections, ...options });
    try {
      const running = { contender, database, process, warmedUp: environment.warmUp, deadRowsBefore };
      await warmUp(environment, running);
      return await measure(running);
    } finally {
      await process.stop();
    }
  } finally {
    await database.drop();
  }
}

async function warmUp(
  { receiver, warmUp: count }: BenchEnvironment,
  running: RunningContender,
): Promise<void> {
  const { contender, database } = running;
  if (count === 0) return;
  await receiver.reset();
  const dueMs = Date.now() - 1_000;
  await (
    await contender.store(
      database,
      createJobs(receiver, count, () => dueMs),
    )
  ).commit();
  await receiver.collect(count);
  await waitUntilFinished(running);
}

/**
 * Waits until the contender has recorded the end of every job.
 * @throws Error when that takes longer than a minute
 */
export async function waitUntilFinished({ contender, database }: RunningContender): Promise<void> {
  const deadline = performance.now() + FINISH_TIMEOUT_MS;
  for (;;) {
    const unfinished = await contender.countUnfinished(database);
    if (unfinished === 0) return;
    if (performance.now() > deadline)
      throw new Error(
        `${contender.name}: ${unfinished} jobs unfinished after ${FINISH_TIMEOUT_MS / 1_000} s`,
      );
    await delay(FINISH_POLL_MS);
  }
}

/** Writes the pages that loading has changed to disk, so that no contender pays for it. */
export async function checkpoint({ client }: BenchDatabase): Promise<void> {
  // Requires a privileged role; without one the server writes the pages later.
  await client.query('CHECKPOINT').catch(() => undefined);
}
