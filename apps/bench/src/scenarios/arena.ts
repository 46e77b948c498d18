import { setTimeout as delay } from 'node:timers/promises';
import type { Contender, Job, StartOptions } from '../contenders/contender.ts';
import type { BenchDatabase, BenchServer } from '../database/bench-server.ts';
import type { Child } from '../processes/child.ts';
import { benchPayload } from '../receiver/arrivals.ts';
import type { Receiver } from '../receiver/receiver.ts';

/** What every scenario is played on. */
export interface Arena {
  readonly server: BenchServer;
  readonly receiver: Receiver;
  readonly execPath: string;
  /** Connections to the receiver, for every contender and for the limit. */
  readonly connections: number;
  /** Callbacks made before each measurement, so that code is compiled, plans are made and connections are open. */
  readonly warmUp: number;
}

/** A contender that runs on a database of its own and is warm. */
export interface Match {
  readonly contender: Contender;
  readonly database: BenchDatabase;
  readonly process: Child;
}

const SETTLE_POLL_MS = 50;
const SETTLE_WITHIN_MS = 60_000;

/** Jobs to the receiver; `dueMs` by number. */
export function jobsTo(receiver: Receiver, count: number, dueMs: (n: number) => number): Job[] {
  return Array.from({ length: count }, (_, n) => ({
    url: receiver.target,
    payload: benchPayload(n, dueMs(n)),
  }));
}

/** Starts a contender on a fresh database, warms it up, runs the measurement and clears everything away. */
export async function play<Result>(
  arena: Arena,
  contender: Contender,
  measure: (match: Match) => Promise<Result>,
  options: Partial<StartOptions> = {},
  prepared: (database: BenchDatabase) => Promise<unknown> = () => Promise.resolve(),
): Promise<Result> {
  const { server, execPath, connections } = arena;
  const database = await server.createDatabase(`bench_${contender.name.replaceAll('-', '_')}`);
  try {
    await contender.prepare(database);
    await prepared(database);
    const process = await contender.start(database, { execPath, connections, ...options });
    try {
      const match = { contender, database, process };
      await warmUp(arena, match);
      return await measure(match);
    } finally {
      await process.stop();
    }
  } finally {
    await database.drop();
  }
}

async function warmUp({ receiver, warmUp: count }: Arena, match: Match): Promise<void> {
  const { contender, database } = match;
  if (count === 0) return;
  await receiver.reset();
  const dueMs = Date.now() - 1_000;
  await (
    await contender.store(
      database,
      jobsTo(receiver, count, () => dueMs),
    )
  ).commit();
  await receiver.collect(count);
  await finished(match);
}

/** Resolves when the contender has written the end of every job. */
export async function finished({ contender, database }: Match): Promise<void> {
  const deadline = performance.now() + SETTLE_WITHIN_MS;
  for (;;) {
    const left = await contender.unfinished(database);
    if (left === 0) return;
    if (performance.now() > deadline) throw new Error(`${contender.name} has left ${left} jobs unfinished`);
    await delay(SETTLE_POLL_MS);
  }
}

/** Writes out what loading has left to write, so that no contender pays for it. */
export async function calm({ client }: BenchDatabase): Promise<void> {
  // Only a superuser may; elsewhere the server writes it out in its own time.
  await client.query('CHECKPOINT').catch(() => undefined);
}
