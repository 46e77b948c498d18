import { dateOfDay, dayNumber } from './calendar.ts';
import { type CronExpression, CronExpressionError, parseCronExpression } from './cron-expression.ts';
import { matchesDay } from './day-pattern.ts';
import type { SearchBudget } from './search-budget.ts';
import { isWholeDay, type TimeOfDayPattern } from './time-of-day.ts';

/** Days from the first to the last, both included, numbered from 1970-01-01. */
export interface DayRange {
  readonly first: number;
  readonly last: number;
}

export type Exclusion = { readonly days: DayRange } | { readonly cron: CronExpression };

const DATES = /^(\d{4}-\d{2}-\d{2})(?:\/(\d{4}-\d{2}-\d{2}))?$/;
const ALL_SECONDS = { low: 2 ** 30 - 1, high: 2 ** 30 - 1 };

function parseDay(text: string): number {
  const [year = 0, month = 0, day = 0] = text.split('-').map(Number);
  const number = dayNumber({ year, month: month - 1, day });
  const date = dateOfDay(number);
  if (date.year !== year || date.month !== month - 1 || date.day !== day)
    throw new CronExpressionError(`no such date: ${text}`);
  return number;
}

function parseDays(first: string, last: string): DayRange {
  const range = { first: parseDay(first), last: parseDay(last) };
  if (range.first > range.last) throw new CronExpressionError(`${first} is after ${last}`);
  return range;
}

/** An expression of five fields excludes whole minutes. */
function wholeMinutes(expression: CronExpression): CronExpression {
  if (expression.hasSeconds) return expression;
  return { ...expression, times: { ...expression.times, seconds: ALL_SECONDS } };
}

/**
 * Parses a local date, a range of dates, or a cron expression.
 *
 * @throws {CronExpressionError} for one that is invalid, with what is wrong
 */
export function parseExclusion(text: string): Exclusion {
  const dates = DATES.exec(text.trim());
  if (dates === null) return { cron: wholeMinutes(parseCronExpression(text)) };
  const [, first = '', last = first] = dates;
  return { days: parseDays(first, last) };
}

/** Whether a day is excluded takes as long as this many checks of a minute. */
const DAY_CHECK = 10;

/** What is excluded from a recurrence, by local days and times. */
export class Exclusions {
  readonly #ranges: readonly DayRange[];
  readonly #expressions: readonly CronExpression[];

  constructor(exclusions: readonly Exclusion[]) {
    this.#ranges = exclusions.flatMap((exclusion) => ('days' in exclusion ? [exclusion.days] : []));
    this.#expressions = exclusions.flatMap((exclusion) => ('cron' in exclusion ? [exclusion.cron] : []));
  }

  get isEmpty(): boolean {
    return this.#ranges.length + this.#expressions.length === 0;
  }

  /** The first day, from a day, that no range of dates excludes. */
  skipRanges(day: number): number {
    const range = this.#ranges.find(({ first, last }) => first <= day && day <= last);
    return range === undefined ? day : this.skipRanges(range.last + 1);
  }

  /** The times of a day that expressions exclude; undefined if they exclude the whole day, or the budget is used up. */
  timesOf(day: number, budget: SearchBudget): TimeOfDayPattern[] | undefined {
    if (!budget.spend(DAY_CHECK * (1 + this.#expressions.length))) return undefined;
    const times = this.#expressions.filter(({ days }) => matchesDay(days, day)).map(({ times }) => times);
    return times.some(isWholeDay) ? undefined : times;
  }
}
