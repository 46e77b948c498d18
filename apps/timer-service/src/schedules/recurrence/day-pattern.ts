import { type CalendarDate, dateOfDay, dayNumber, daysInMonth, weekdayOfDay } from './calendar.ts';

/** The days on which a cron expression occurs. */
export interface DayPattern {
  /** By the day of the month minus 1. */
  readonly days: readonly boolean[];
  /** Days of the month, minus 1, of which the nearest weekday (Monday to Friday) in the same month is meant. */
  readonly nearestWeekdays: readonly boolean[];
  readonly lastDay: boolean;
  readonly lastWeekday: boolean;
  /** By the month, from 0. */
  readonly months: readonly boolean[];
  /** By the day of the week, from Sunday: bit n - 1 for the nth of a month, bit 5 for the last. */
  readonly weekdays: readonly number[];
  /** A bit for each year; undefined for all years. */
  readonly years: Uint8Array | undefined;
  /** Which of the fields decide: the one that is no wildcard, either, or both. */
  readonly decidedBy: 'day-of-month' | 'day-of-week' | 'either' | 'both';
}

/** The Gregorian calendar repeats itself after 400 years. */
const CYCLE_YEARS = 400;
const LAST_YEAR = 9_999;
const LAST_BIT = 1 << 5;

function hasYear({ years }: DayPattern, year: number): boolean {
  return years === undefined || (((years[year >> 3] ?? 0) >> (year & 7)) & 1) === 1;
}

function nearestWeekday(year: number, month: number, day: number): number {
  const weekday = weekdayOfDay(dayNumber({ year, month, day }));
  if (weekday === 6) return day === 1 ? 3 : day - 1;
  if (weekday === 0) return day === daysInMonth(year, month) ? day - 2 : day + 1;
  return day;
}

function isNearestWeekday(pattern: DayPattern, { year, month, day }: CalendarDate): boolean {
  const length = daysInMonth(year, month);
  return pattern.nearestWeekdays.some(
    (wanted, index) => wanted && index < length && nearestWeekday(year, month, index + 1) === day,
  );
}

function matchesDayOfMonth(pattern: DayPattern, date: CalendarDate): boolean {
  const { year, month, day } = date;
  if (pattern.days[day - 1] === true) return true;
  const length = daysInMonth(year, month);
  if (pattern.lastDay && day === length) return true;
  if (pattern.lastWeekday) {
    const weekday = weekdayOfDay(dayNumber({ year, month, day: length }));
    if (day === length - (weekday === 0 ? 2 : weekday === 6 ? 1 : 0)) return true;
  }
  return isNearestWeekday(pattern, date);
}

function matchesDayOfWeek(pattern: DayPattern, { year, month, day }: CalendarDate): boolean {
  const which = pattern.weekdays[weekdayOfDay(dayNumber({ year, month, day }))] ?? 0;
  if ((which & (1 << Math.floor((day - 1) / 7))) !== 0) return true;
  return (which & LAST_BIT) !== 0 && day + 7 > daysInMonth(year, month);
}

function matchesInMonth(pattern: DayPattern, date: CalendarDate): boolean {
  switch (pattern.decidedBy) {
    case 'day-of-month':
      return matchesDayOfMonth(pattern, date);
    case 'day-of-week':
      return matchesDayOfWeek(pattern, date);
    case 'either':
      return matchesDayOfMonth(pattern, date) || matchesDayOfWeek(pattern, date);
    case 'both':
      return matchesDayOfMonth(pattern, date) && matchesDayOfWeek(pattern, date);
  }
}

/** Whether a day is one of the pattern. Days are numbered from 1970-01-01. */
export function matchesDay(pattern: DayPattern, number: number): boolean {
  const date = dateOfDay(number);
  return pattern.months[date.month] === true && hasYear(pattern, date.year) && matchesInMonth(pattern, date);
}

function nextInMonth(pattern: DayPattern, year: number, month: number, from: number): number | undefined {
  if (pattern.months[month] !== true) return undefined;
  for (let day = from; day <= daysInMonth(year, month); day += 1)
    if (matchesInMonth(pattern, { year, month, day })) return dayNumber({ year, month, day });
  return undefined;
}

/** The first day of the pattern that is not before a day, or undefined if there is none up to the year 9999. */
export function nextDay(pattern: DayPattern, from: number): number | undefined {
  const start = dateOfDay(from);
  const end = pattern.years === undefined ? Math.min(LAST_YEAR, start.year + CYCLE_YEARS) : LAST_YEAR;
  for (let { year, month, day } = start; year <= end; year += 1, month = 0, day = 1) {
    if (!hasYear(pattern, year)) continue;
    for (; month < 12; month += 1, day = 1) {
      const found = nextInMonth(pattern, year, month, day);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}
