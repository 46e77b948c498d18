import { LIMITS } from '@timer-platform/callback-types';
import { CronPattern } from 'croner';
import type { DayPattern } from './day-pattern.ts';
import type { SixtyBits, TimeOfDayPattern } from './time-of-day.ts';

/** A parsed cron expression: local times of a calendar, without a time zone. */
export interface CronExpression {
  readonly days: DayPattern;
  readonly times: TimeOfDayPattern;
  /** Whether seconds, minutes and hours have neither a wildcard nor a step. Clock changes affect the two differently. */
  readonly fixedTime: boolean;
  /** Whether the expression names seconds; one of five fields occurs at second 0. */
  readonly hasSeconds: boolean;
}

const NICKNAMES: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

export class CronExpressionError extends Error {
  override readonly name = 'CronExpressionError';
}

/** The fields of an expression, nicknames resolved. */
export function cronFields(expression: string): string[] {
  const text = expression.trim();
  return (NICKNAMES[text.toLowerCase()] ?? text).split(/\s+/);
}

function checkShape(expression: string, fields: readonly string[]): void {
  if (expression.length > LIMITS.cronLength)
    throw new CronExpressionError(`has more than ${LIMITS.cronLength} characters`);
  if (fields[0]?.startsWith('@') === true)
    throw new CronExpressionError(`unknown nickname; known ones are ${Object.keys(NICKNAMES).join(', ')}`);
  if (fields.length < 5 || fields.length > 7)
    throw new CronExpressionError(
      `has ${fields.length} ${fields.length === 1 ? 'field' : 'fields'}; ` +
        'expected minute, hour, day of month, month and day of week, optionally second before and year after them',
    );
}

function parsePattern(fields: readonly string[]): CronPattern {
  try {
    return new CronPattern(fields.join(' '), undefined, { fixedTimeRule: 'no-wildcard' });
  } catch (error) {
    const message = (error as Error).message.replace(/^CronPattern: (?:Syntax error, )?/, '');
    throw new CronExpressionError(message.charAt(0).toLowerCase() + message.slice(1));
  }
}

function bitsOf(values: readonly number[]): number {
  return values.reduce((bits, value, index) => (value === 0 ? bits : bits | (1 << index)), 0);
}

function sixtyBits(values: readonly number[]): SixtyBits {
  return { low: bitsOf(values.slice(0, 30)), high: bitsOf(values.slice(30, 60)) };
}

function booleans(values: readonly number[], length: number): boolean[] {
  return Array.from({ length }, (_, index) => (values[index] ?? 0) !== 0);
}

function yearsOf({ starYear, year }: CronPattern): Uint8Array | undefined {
  if (starYear) return undefined;
  const years = new Uint8Array(Math.ceil(year.length / 8));
  for (const [index, value] of year.entries())
    if (value !== 0) years[index >> 3] = (years[index >> 3] ?? 0) | (1 << (index & 7));
  return years;
}

function decidedBy({ starDOM, starDOW, useAndLogic }: CronPattern): DayPattern['decidedBy'] {
  if (starDOW) return 'day-of-month';
  if (starDOM) return 'day-of-week';
  return useAndLogic ? 'both' : 'either';
}

/**
 * Parses a cron expression of five fields, six with seconds first, or seven with a year last.
 *
 * @throws {CronExpressionError} for one that is invalid, with what is wrong
 */
export function parseCronExpression(expression: string): CronExpression {
  const fields = cronFields(expression);
  checkShape(expression, fields);
  const pattern = parsePattern(fields);
  return {
    days: {
      days: booleans(pattern.day, 31),
      nearestWeekdays: booleans(pattern.nearestWeekdays, 31),
      lastDay: pattern.lastDayOfMonth,
      lastWeekday: pattern.lastWeekday,
      months: booleans(pattern.month, 12),
      weekdays: pattern.dayOfWeek.slice(0, 7),
      years: yearsOf(pattern),
      decidedBy: decidedBy(pattern),
    },
    times: {
      hours: bitsOf(pattern.hour),
      minutes: sixtyBits(pattern.minute),
      seconds: sixtyBits(pattern.second),
    },
    fixedTime: pattern.isFixedTime,
    hasSeconds: fields.length > 5,
  };
}
