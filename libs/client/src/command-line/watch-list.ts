import type { Timer, TimerSummary } from '@timer-platform/callback-types';

const MAX_WATCHED = 20_000;
const MAX_REMEMBERED = 20_000;

function isFinished({ status }: TimerSummary): boolean {
  return status === 'completed' || status === 'failed';
}

/** `infinity` is never reached. */
function instantMs(text: string): number {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? Infinity : ms;
}

/** Timers that are about to finish, and when to look at each. Decides what `tail` asks and prints, and asks nothing. */
export class WatchList {
  /** When to look at a timer, by its id. */
  readonly #checkAt = new Map<string, number>();
  /** What was printed: ids with their `executed_at`, because a retried timer finishes again. */
  readonly #printed = new Set<string>();

  /** Watches unfinished timers from their due instant on, and finished ones at once. */
  add(timers: readonly TimerSummary[], nowMs: number): void {
    for (const timer of timers) {
      if (timer.status === 'canceled' || this.#printed.has(finishOf(timer))) continue;
      if (this.#checkAt.size >= MAX_WATCHED && !this.#checkAt.has(timer.id)) continue;
      const dueMs = isFinished(timer) ? nowMs : Math.max(nowMs, instantMs(timer.execute_at));
      this.#checkAt.set(timer.id, Math.min(dueMs, this.#checkAt.get(timer.id) ?? Infinity));
    }
  }

  /** Ids of the timers to look at now, the most overdue first. */
  toCheck(nowMs: number, limit: number): string[] {
    return [...this.#checkAt]
      .filter(([, checkAt]) => checkAt <= nowMs)
      .sort(([, left], [, right]) => left - right)
      .slice(0, limit)
      .map(([id]) => id);
  }

  /**
   * Takes the current state of a timer; undefined if it was deleted.
   *
   * @returns whether it has finished and was not printed before
   */
  checked(id: string, timer: Timer | undefined, nextPollMs: number): boolean {
    if (timer !== undefined && !isFinished(timer) && timer.status !== 'canceled') {
      this.#checkAt.set(id, Math.max(nextPollMs, instantMs(timer.due_at)));
      return false;
    }
    this.#checkAt.delete(id);
    if (timer === undefined || timer.status === 'canceled' || this.#printed.has(finishOf(timer)))
      return false;
    this.#remember(finishOf(timer));
    return true;
  }

  /** Does not print a timer that had finished before the start. */
  ignore(timers: readonly TimerSummary[]): void {
    for (const timer of timers) if (isFinished(timer)) this.#remember(finishOf(timer));
  }

  #remember(finish: string): void {
    this.#printed.add(finish);
    const [oldest] = this.#printed;
    if (this.#printed.size > MAX_REMEMBERED && oldest !== undefined) this.#printed.delete(oldest);
  }
}

function finishOf({ id, executed_at }: TimerSummary): string {
  return `${id} ${executed_at ?? ''}`;
}
