import { LIMITS } from '@timer-platform/callback-types';
import { type CronExpression, CronExpressionError, parseCronExpression } from './cron-expression.ts';
import { CronOccurrences } from './cron-occurrences.ts';
import { nextDay } from './day-pattern.ts';
import { type Exclusion, Exclusions, parseExclusion } from './exclusions.ts';
import { IntervalOccurrences } from './interval-occurrences.ts';
import type { RecurrenceIssue, RecurrenceSpec } from './recurrence.ts';
import type { TimeZone } from './time-zone.ts';
import { findTimeZone } from './time-zones.ts';

/** What a specification says, without start and end. */
export interface ParsedRecurrence {
  readonly timeZone: TimeZone;
  readonly occurrences: readonly CronOccurrences[] | IntervalOccurrences;
}

/** Parses each text, and adds an issue for each that is invalid. */
function parseEach<T>(
  texts: readonly string[],
  path: (index: number) => string,
  parse: (text: string) => T,
  issues: RecurrenceIssue[],
): T[] {
  return texts.flatMap((text, index) => {
    try {
      return [parse(text)];
    } catch (error) {
      if (!(error instanceof CronExpressionError)) throw error;
      issues.push({ path: path(index), message: error.message });
      return [];
    }
  });
}

function parseOccurring(text: string): CronExpression {
  const expression = parseCronExpression(text);
  if (nextDay(expression.days, 0) === undefined)
    throw new CronExpressionError('never occurs: no year from 1970 has such a day');
  return expression;
}

function parseTimeZone(name: string, issues: RecurrenceIssue[]): TimeZone | undefined {
  const timeZone = findTimeZone(name);
  if (timeZone === undefined)
    issues.push({
      path: 'time_zone',
      message:
        'unknown time zone; use a name of the IANA database, such as Europe/Berlin, or Etc/GMT-2 for +02:00',
    });
  return timeZone;
}

function checkInterval(everyMs: number, phaseMs: number, issues: RecurrenceIssue[]): void {
  if (!Number.isSafeInteger(everyMs) || everyMs < LIMITS.everyMs || everyMs > LIMITS.delayMs)
    issues.push({ path: 'every', message: 'expected an interval from one second to 100 years' });
  if (!Number.isSafeInteger(phaseMs) || phaseMs < 0 || phaseMs >= everyMs)
    issues.push({ path: 'phase', message: 'expected less than the interval' });
}

function checkCounts({ cron, everyMs, exclude = [] }: RecurrenceSpec, issues: RecurrenceIssue[]): void {
  if ((cron === undefined) === (everyMs === undefined))
    issues.push({ path: 'cron', message: 'expected exactly one of cron and every' });
  if (cron !== undefined && (cron.length === 0 || cron.length > LIMITS.cronExpressions))
    issues.push({ path: 'cron', message: `expected 1 to ${LIMITS.cronExpressions} expressions` });
  if (exclude.length > LIMITS.exclusions)
    issues.push({ path: 'exclude', message: `expected at most ${LIMITS.exclusions} exclusions` });
}

/** Parses a specification, or returns all that is wrong with it. Start and end are not considered. */
export function parseRecurrence(spec: RecurrenceSpec): ParsedRecurrence | RecurrenceIssue[] {
  const issues: RecurrenceIssue[] = [];
  checkCounts(spec, issues);
  if (issues.length > 0) return issues;
  const { cron = [], everyMs, phaseMs = 0, exclude = [] } = spec;
  const timeZone = parseTimeZone(spec.timeZone, issues);
  if (everyMs !== undefined) checkInterval(everyMs, phaseMs, issues);
  const cronPath = (index: number) => (cron.length === 1 ? 'cron' : `cron.${index}`);
  const expressions = parseEach(cron, cronPath, parseOccurring, issues);
  const excluded: Exclusion[] = parseEach(exclude, (index) => `exclude.${index}`, parseExclusion, issues);
  if (timeZone === undefined || issues.length > 0) return issues;
  const exclusions = new Exclusions(excluded);
  const occurrences =
    everyMs === undefined
      ? expressions.map((expression) => new CronOccurrences(expression, exclusions, timeZone))
      : new IntervalOccurrences(everyMs, phaseMs, exclusions, timeZone);
  return { timeZone, occurrences };
}
