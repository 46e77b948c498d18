import type { Contender } from '../contenders/contender.ts';
import {
  type BenchEnvironment,
  type RunningContender,
  waitUntilFinished,
  withContender,
} from './environment.ts';
import { collectLoad, type LatenessResult, leadMsOf, type SteadyLoad, storeLoad } from './steady.ts';

export interface SearchOptions {
  /** A rate passes if the 99th percentile of the lateness is below this, in milliseconds. */
  readonly p99LimitMs: number;
  readonly lowest: number;
  readonly highest: number;
  /** Length of each step. */
  readonly seconds: number;
  readonly log: (line: string) => void;
}

export interface SearchResult {
  /** The highest rate that passed; 0 if the lowest did not. */
  readonly perSecond: number;
  /** Lateness at that rate. */
  readonly p99: number;
}

/** For the peer whose poll can be shorter than the limit of the lateness. */
const SHORT_POLL = { POLL_MS: '10' };
/** The search ends when the lowest rate that failed is this close to the highest that passed. */
const PRECISION = 1.06;
const RATE_STEP = 50;
const ATTEMPTS = 2;
/** Time to start the program that stores the timers, and to be idle afterwards. */
const LEAD_MS = 4_000;
const STORE_MARGIN = 3;

/** The next rate of a bisection in which each step has the same ratio; undefined: the rates are close enough. */
export function rateBetween(passed: number, failed: number): number | undefined {
  if (failed / passed <= PRECISION) return undefined;
  const rate = Math.round(Math.sqrt(passed * failed) / RATE_STEP) * RATE_STEP;
  return rate > passed && rate < failed ? rate : undefined;
}

/** Delivers one load after the other, each on the same contender. */
class Steps {
  readonly #environment: BenchEnvironment;
  readonly #running: RunningContender;
  #storeMsPerTimer: number | undefined;

  constructor(environment: BenchEnvironment, running: RunningContender) {
    this.#environment = environment;
    this.#running = running;
  }

  async deliver(load: SteadyLoad): Promise<LatenessResult> {
    const timers = load.perSecond * load.seconds;
    const leadMs =
      this.#storeMsPerTimer === undefined
        ? leadMsOf(load)
        : LEAD_MS + STORE_MARGIN * this.#storeMsPerTimer * timers;
    const stored = await storeLoad(this.#environment, this.#running, load, leadMs);
    this.#storeMsPerTimer = stored.storedMs / timers;
    const result = await collectLoad(this.#environment, stored);
    await waitUntilFinished(this.#running);
    return result;
  }
}

/** Searches the highest steady rate at which a contender is punctual. */
export function runSearch(
  environment: BenchEnvironment,
  contender: Contender,
  { p99LimitMs, lowest, highest, seconds, log }: SearchOptions,
): Promise<SearchResult> {
  const measure = async (running: RunningContender): Promise<SearchResult> => {
    const steps = new Steps(environment, running);
    let best: SearchResult = { perSecond: 0, p99: Number.NaN };
    let failed = highest;
    for (let perSecond: number | undefined = lowest; perSecond !== undefined;) {
      let passed: LatenessResult | undefined;
      // Another program can make one step late.
      for (let attempt = 0; attempt < ATTEMPTS && passed === undefined; attempt += 1) {
        const result = await steps.deliver({ perSecond, seconds });
        const { lateness, missing, early } = result;
        log(`  ${perSecond}/s: p99 ${lateness.p99.toFixed(1)} ms`);
        if (lateness.p99 < p99LimitMs && missing === 0 && early === 0) passed = result;
      }
      if (passed === undefined) failed = perSecond;
      else best = { perSecond, p99: passed.lateness.p99 };
      perSecond = best.perSecond === 0 ? undefined : rateBetween(best.perSecond, failed);
    }
    return best;
  };
  return withContender(environment, contender, measure, { env: SHORT_POLL });
}
