import { setTimeout as delay } from 'node:timers/promises';
import type { Contender, StartOptions } from '../contenders/contender.ts';
import type { BenchDatabase } from '../database/bench-server.ts';
import { peakResidentMib } from '../measure/process-usage.ts';
import { type Spread, spreadOf } from '../measure/quantiles.ts';
import { completenessOf, latenessOf } from '../receiver/arrivals.ts';
import { type Arena, calm, jobsTo, play } from './arena.ts';

export interface SteadyResult {
  /** How long after its due instant each callback arrived, in milliseconds. */
  readonly lateness: Spread;
  readonly early: number;
  readonly missing: number;
  readonly duplicates: number;
  readonly peakMib: number;
}

export interface SteadyOptions {
  readonly perSecond: number;
  readonly seconds: number;
  readonly start?: Partial<StartOptions>;
  readonly prepared?: (database: BenchDatabase) => Promise<unknown>;
}

/** Loading takes about this long per timer with the slowest contender; the first timer is due after that. */
const LOAD_MS_PER_TIMER = 0.25;
const LEAD_MS = 3_000;

/** Timers stored ahead, due one after the other at an even rate. */
export function playSteady(
  arena: Arena,
  contender: Contender,
  options: SteadyOptions,
): Promise<SteadyResult> {
  const { perSecond, seconds, start, prepared } = options;
  const { receiver } = arena;
  return play(
    arena,
    contender,
    async ({ database, process }) => {
      const timers = perSecond * seconds;
      const firstMs = Date.now() + LEAD_MS + timers * LOAD_MS_PER_TIMER;
      const jobs = jobsTo(receiver, timers, (n) => firstMs + Math.floor((n * 1_000) / perSecond));
      const stored = await contender.store(database, jobs);
      await stored.commit();
      await calm(database);
      await receiver.reset();
      if (Date.now() > firstMs - LEAD_MS / 2)
        throw new Error(`storing ${timers} timers took too long: the first is due already`);
      await delay(firstMs - Date.now());
      const arrivals = await receiver.collect(timers, seconds * 1_000);
      return {
        lateness: spreadOf(latenessOf(arrivals)),
        ...completenessOf(arrivals, timers),
        peakMib: peakResidentMib(process.pid),
      };
    },
    start,
    prepared,
  );
}
