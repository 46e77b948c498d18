import { SECOND_MS } from './calendar.ts';
import type { CronExpression } from './cron-expression.ts';
import type { Exclusions } from './exclusions.ts';
import { nextLocalTime } from './local-occurrences.ts';
import type { ClockChangeEffect } from './recurrence.ts';
import type { SearchBudget } from './search-budget.ts';
import type { TimeZone } from './time-zone.ts';

/** No clock change is greater than a day, and a local time is less than a day away from UTC. */
const REACH_MS = 2 * 86_400_000;

/**
 * The occurrences of one cron expression in a time zone. Clock changes affect two kinds of expressions differently:
 * - Fixed times, without wildcard or step: a local time that is skipped occurs at the first instant after the gap,
 *   and one that occurs twice at its first occurrence. So no fixed time is lost or doubled.
 * - Others follow real time: what is skipped does not occur, and what is repeated occurs again.
 */
export class CronOccurrences {
  readonly #expression: CronExpression;
  readonly #exclusions: Exclusions;
  readonly #timeZone: TimeZone;

  constructor(expression: CronExpression, exclusions: Exclusions, timeZone: TimeZone) {
    this.#expression = expression;
    this.#exclusions = exclusions;
    this.#timeZone = timeZone;
  }

  /** The first occurrence after an instant; undefined if there is none, or none was found within the budget. */
  next(afterMs: number, budget: SearchBudget): number | undefined {
    const second = Math.floor(afterMs / SECOND_MS) * SECOND_MS;
    return this.#expression.fixedTime ? this.#nextFixed(second, budget) : this.#nextRepeated(second, budget);
  }

  /** How a clock change affects an occurrence at an instant; undefined if there is none at it. */
  classify(atMs: number, budget: SearchBudget): ClockChangeEffect | null | undefined {
    if (this.next(atMs - SECOND_MS, budget) !== atMs) return undefined;
    const local = atMs + this.#timeZone.offsetAt(atMs);
    if (this.#nextLocal(local, budget) !== local) return 'gap';
    return this.#timeZone.resolve(local).effect === 'overlap' ? 'overlap' : null;
  }

  #nextLocal(fromLocalMs: number, budget: SearchBudget): number | undefined {
    return nextLocalTime(this.#expression, this.#exclusions, fromLocalMs, budget);
  }

  #nextFixed(afterMs: number, budget: SearchBudget): number | undefined {
    const local = this.#nextLocal(this.#firstLocalAfter(afterMs), budget);
    return local === undefined ? undefined : this.#timeZone.resolve(local).atMs;
  }

  /** The first local time whose first instant is after an instant: not one that is being repeated. */
  #firstLocalAfter(afterMs: number): number {
    const local = afterMs + this.#timeZone.offsetAt(afterMs);
    if (this.#timeZone.resolve(local).atMs === afterMs) return local + SECOND_MS;
    const change = this.#timeZone.changeBetween(afterMs - REACH_MS, afterMs);
    return change === undefined ? local + SECOND_MS : change.atMs + change.offsetBefore;
  }

  #nextRepeated(afterMs: number, budget: SearchBudget): number | undefined {
    let from = afterMs + SECOND_MS;
    while (budget.spend(1)) {
      const offset = this.#timeZone.offsetAt(from);
      const local = this.#nextLocal(from + offset, budget);
      const at = local === undefined ? Number.MAX_SAFE_INTEGER : local - offset;
      // Local time is in step with real time up to the next clock change, which may repeat what is behind.
      const change = this.#timeZone.changeBetween(from, Math.min(at, from + REACH_MS));
      if (change !== undefined) from = change.atMs;
      else if (local === undefined) return undefined;
      else if (at <= from + REACH_MS) return at;
      else from = Math.max(from + SECOND_MS, at - REACH_MS);
    }
    return undefined;
  }
}
