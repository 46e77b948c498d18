import type { Contender, StartOptions } from '../contenders/contender.ts';
import type { BenchDatabase } from '../database/bench-server.ts';
import { cpuSeconds, peakResidentMib } from '../measure/process-usage.ts';
import { completenessOf, rateOf } from '../receiver/arrivals.ts';
import { type Arena, calm, finished, jobsTo, play } from './arena.ts';

export interface BurstResult {
  /** Callbacks per second at the receiver, between the first and the last. */
  readonly perSecond: number;
  /** CPU seconds for each 1,000 callbacks, from their commit until the end of each is written. */
  readonly processCpu: number;
  readonly postgresCpu: number;
  readonly peakMib: number;
  readonly missing: number;
  readonly duplicates: number;
}

/** How long timers are overdue already when they become visible. */
const OVERDUE_MS = 1_000;

export interface BurstOptions {
  readonly timers: number;
  readonly start?: Partial<StartOptions>;
  /** Changes the database before the contender is started. */
  readonly prepared?: (database: BenchDatabase) => Promise<unknown>;
}

/**
 * Timers that are all due: they are written in an open transaction while the contender runs idle, and become visible
 * at once by its commit.
 */
export function playBurst(arena: Arena, contender: Contender, options: BurstOptions): Promise<BurstResult> {
  const { server, receiver } = arena;
  const { timers, start, prepared } = options;
  return play(
    arena,
    contender,
    async (match) => {
      const { database, process } = match;
      const dueMs = Date.now() - OVERDUE_MS;
      const stored = await contender.store(
        database,
        jobsTo(receiver, timers, () => dueMs),
      );
      await calm(database);
      await receiver.reset();
      const before = { process: cpuSeconds(process.pid), postgres: server.cpuSeconds() };
      await stored.commit();
      const arrivals = await receiver.collect(timers);
      await finished(match);
      const { missing, duplicates } = completenessOf(arrivals, timers);
      return {
        perSecond: rateOf(arrivals),
        processCpu: ((cpuSeconds(process.pid) - before.process) * 1_000) / timers,
        postgresCpu: ((server.cpuSeconds() - before.postgres) * 1_000) / timers,
        peakMib: peakResidentMib(process.pid),
        missing,
        duplicates,
      };
    },
    start,
    prepared,
  );
}
