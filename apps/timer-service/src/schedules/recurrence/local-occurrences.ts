import { DAY_MS, SECOND_MS } from './calendar.ts';
import type { CronExpression } from './cron-expression.ts';
import { nextDay } from './day-pattern.ts';
import type { Exclusions } from './exclusions.ts';
import type { SearchBudget } from './search-budget.ts';
import { nextTimeOfDay } from './time-of-day.ts';

/**
 * The first local time, from `fromLocalMs`, at which an expression occurs and that is not excluded. Local times are
 * milliseconds since 1970-01-01T00:00 of a calendar that knows no clock changes.
 *
 * @returns undefined if there is none, or none was found within the budget
 */
export function nextLocalTime(
  expression: CronExpression,
  exclusions: Exclusions,
  fromLocalMs: number,
  budget: SearchBudget,
): number | undefined {
  const from = Math.ceil(fromLocalMs / SECOND_MS);
  const firstDay = Math.floor((from * SECOND_MS) / DAY_MS);
  let day = firstDay;
  while (budget.spend(1)) {
    const free = exclusions.skipRanges(day);
    const found = nextDay(expression.days, free);
    if (found === undefined) return undefined;
    day = found;
    if (exclusions.skipRanges(found) !== found) continue;
    const excluded = exclusions.timesOf(found, budget);
    if (excluded !== undefined) {
      const earliest = found === firstDay ? from - (firstDay * DAY_MS) / SECOND_MS : 0;
      const second = nextTimeOfDay(expression.times, excluded, earliest, budget);
      if (second !== undefined) return found * DAY_MS + second * SECOND_MS;
    }
    day = found + 1;
  }
  return undefined;
}
