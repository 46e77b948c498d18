import type { Timer, TimerSummary } from '@timer-platform/callback-types';
import { TimerError } from '../client/errors.ts';
import type { ListQuery } from '../client/requests.ts';
import type { TimerClient } from '../client/timer-client.ts';
import { WatchList } from './watch-list.ts';

/** Pages of each list in one poll, and timers that are looked at: what a poll may cost the service. */
const MAX_PAGES = 5;
const MAX_CHECKS = 200;
const PARALLEL_CHECKS = 4;
/** Timers that are due this soon are watched. */
const HORIZON_MS = 60_000;
/** A transaction may commit after a newer one: how far behind the newest timer each poll looks. */
const OVERLAP_MS = 5_000;

export interface FollowOptions {
  readonly client: TimerClient;
  readonly signal: AbortSignal;
  readonly intervalMs: number;
  readonly now: () => number;
}

/**
 * Finds timers that finish, by polling: there is no index by `executed_at`, so it watches those that were just created or
 * will soon be due, and looks at each when it is due.
 */
export class TimerFollower {
  readonly #options: FollowOptions;
  readonly #watched = new WatchList();
  /** Timers that were created before have been seen. */
  #seenMs: number | undefined;

  constructor(options: FollowOptions) {
    this.#options = options;
  }

  /** Returns the timers that have finished since the last poll, the first to finish first. */
  async poll(): Promise<Timer[]> {
    await this.#findCreated();
    await this.#findDue();
    return this.#checkWatched();
  }

  async #findCreated(): Promise<void> {
    const isFirst = this.#seenMs === undefined;
    const until = (this.#seenMs ?? Infinity) - OVERLAP_MS;
    const created = await this.#collect(
      { sort: 'created_at', order: 'desc' },
      (timer) => Date.parse(timer.created_at) < until,
    );
    if (isFirst) this.#watched.ignore(created);
    this.#watched.add(created, this.#options.now());
    this.#seenMs = Math.max(this.#seenMs ?? 0, ...created.map((timer) => Date.parse(timer.created_at)));
  }

  async #findDue(): Promise<void> {
    const nowMs = this.#options.now();
    const tooFar = ({ execute_at }: TimerSummary): boolean => !(Date.parse(execute_at) <= nowMs + HORIZON_MS);
    this.#watched.add(
      await this.#collect({ status: 'pending', sort: 'execute_at', order: 'asc' }, tooFar),
      nowMs,
    );
    this.#watched.add(await this.#collect({ status: 'executing' }, () => false), nowMs);
  }

  /** Reads pages until one ends with a timer that is far enough. */
  async #collect(query: ListQuery, isFarEnough: (timer: TimerSummary) => boolean): Promise<TimerSummary[]> {
    const { client, signal } = this.#options;
    const found: TimerSummary[] = [];
    let pages = 0;
    for await (const { timers } of client.list(query, { signal }).pages()) {
      found.push(...timers);
      pages += 1;
      const last = timers.at(-1);
      if (pages === MAX_PAGES || last === undefined || isFarEnough(last)) break;
    }
    return found;
  }

  async #checkWatched(): Promise<Timer[]> {
    const { now, intervalMs } = this.#options;
    const ids = this.#watched.toCheck(now(), MAX_CHECKS);
    const finished: Timer[] = [];
    const work = async (): Promise<void> => {
      for (let id = ids.shift(); id !== undefined; id = ids.shift()) {
        const timer = await this.#find(id);
        if (this.#watched.checked(id, timer, now() + intervalMs / 2) && timer !== undefined)
          finished.push(timer);
      }
    };
    await Promise.all(Array.from({ length: PARALLEL_CHECKS }, work));
    return finished.sort(
      (left, right) => Date.parse(left.executed_at ?? '') - Date.parse(right.executed_at ?? ''),
    );
  }

  async #find(id: string): Promise<Timer | undefined> {
    const { client, signal } = this.#options;
    try {
      return await client.get(id, { signal });
    } catch (error) {
      if (error instanceof TimerError && error.kind === 'notFound') return undefined;
      throw error;
    }
  }
}
