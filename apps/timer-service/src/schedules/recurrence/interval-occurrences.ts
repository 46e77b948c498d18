import { SECOND_MS } from './calendar.ts';
import { parseCronExpression } from './cron-expression.ts';
import { CronOccurrences } from './cron-occurrences.ts';
import type { Exclusions } from './exclusions.ts';
import type { SearchBudget } from './search-budget.ts';
import type { TimeZone } from './time-zone.ts';

/** What a step over an excluded occurrence costs, in checks: it searches for the end of the exclusion. */
const STEP = 200;

/** The occurrences of an interval: at the Unix epoch plus a phase, and every so often in real time. */
export class IntervalOccurrences {
  readonly #everyMs: number;
  readonly #phaseMs: number;
  /** Every second that is not excluded; undefined if nothing is excluded. */
  readonly #free: CronOccurrences | undefined;

  constructor(everyMs: number, phaseMs: number, exclusions: Exclusions, timeZone: TimeZone) {
    this.#everyMs = everyMs;
    this.#phaseMs = phaseMs;
    if (!exclusions.isEmpty)
      this.#free = new CronOccurrences(parseCronExpression('* * * * * *'), exclusions, timeZone);
  }

  /** The first occurrence after an instant; undefined if none was found within the budget. */
  next(afterMs: number, budget: SearchBudget): number | undefined {
    let at = this.#firstFrom(afterMs + 1);
    while (this.#free !== undefined) {
      if (!budget.spend(STEP)) return undefined;
      const second = Math.floor(at / SECOND_MS) * SECOND_MS;
      const free = this.#free.next(second - SECOND_MS, budget);
      if (free === undefined) return undefined;
      if (free === second) break;
      at = this.#firstFrom(free);
    }
    return at;
  }

  #firstFrom(fromMs: number): number {
    return Math.ceil((fromMs - this.#phaseMs) / this.#everyMs) * this.#everyMs + this.#phaseMs;
  }
}
