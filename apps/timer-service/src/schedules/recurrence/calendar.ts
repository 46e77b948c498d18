/** A date of the proleptic Gregorian calendar. */
export interface CalendarDate {
  readonly year: number;
  /** 0 to 11. */
  readonly month: number;
  /** 1 to 31. */
  readonly day: number;
}

export const SECOND_MS = 1_000;
export const DAY_MS = 86_400_000;

const LONGEST = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Days from 1970-01-01 to a date; negative before it. */
export function dayNumber({ year, month, day }: CalendarDate): number {
  // Date.UTC takes years below 100 for years of the 20th century. 400 years are 146,097 days.
  return Date.UTC(year + 400, month, day) / DAY_MS - 146_097;
}

export function dateOfDay(number: number): CalendarDate {
  const date = new Date(number * DAY_MS);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth(), day: date.getUTCDate() };
}

export function daysInMonth(year: number, month: number): number {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month === 1 && !leap ? 28 : (LONGEST[month] ?? 0);
}

/** 0 for Sunday to 6 for Saturday. */
export function weekdayOfDay(number: number): number {
  return (((number + 4) % 7) + 7) % 7;
}
