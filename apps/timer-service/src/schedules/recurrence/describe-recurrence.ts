import cronstrue from 'cronstrue';
import { cronFields } from './cron-expression.ts';
import type { RecurrenceSpec } from './recurrence.ts';

const DAY_OF_WEEK = -1;
const UNITS: readonly (readonly [string, number])[] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
  ['millisecond', 1],
];

/** An expression as cronstrue reads it, without what only croner knows, and whether both day fields must match. */
function readable(expression: string): { fields: string; both: boolean } {
  const fields = cronFields(expression).map((field) => field.replaceAll('?', '*'));
  const index = fields.length === 7 ? 5 : fields.length + DAY_OF_WEEK;
  const both = fields[index]?.startsWith('+') === true;
  if (both) fields[index] = fields[index]?.slice(1) ?? '';
  return { fields: fields.join(' '), both };
}

/** A cron expression in plain words; the expression itself where there are none. */
function describeExpression(expression: string): string {
  const { fields, both } = readable(expression);
  try {
    const words = cronstrue.toString(fields, { use24HourTimeFormat: true });
    // cronstrue says "and" of two day fields of which either suffices.
    return words.replace(/(, on [^,]* of the month), and (on) /, both ? '$1, only $2 ' : '$1, or $2 ');
  } catch {
    return expression;
  }
}

function lowerFirst(text: string): string {
  return /^(?:At|Every|On|Between) /.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}

function describeDuration(milliseconds: number): string {
  const parts: string[] = [];
  let rest = milliseconds;
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count} ${unit}${count === 1 ? '' : 's'}`);
  }
  return parts.join(' ');
}

function describeInterval(everyMs: number, phaseMs = 0): string {
  const every = `Every ${describeDuration(everyMs)}`.replace(/^Every 1 (?=\w+$)/, 'Every ');
  return phaseMs === 0 ? every : `${every}, shifted by ${describeDuration(phaseMs)}`;
}

function describeExclusion(exclusion: string): string {
  if (/^\d{4}-/.test(exclusion)) return exclusion.replace('/', ' to ');
  return lowerFirst(describeExpression(exclusion));
}

/** A valid specification in plain words, without its time zone, its start and its end. */
export function describeRecurrence({ cron = [], everyMs, phaseMs, exclude = [] }: RecurrenceSpec): string {
  const occurs =
    everyMs === undefined
      ? cron
          .map(describeExpression)
          .map((text, index) => (index === 0 ? text : lowerFirst(text)))
          .join('; and ')
      : describeInterval(everyMs, phaseMs);
  return exclude.length === 0 ? occurs : `${occurs}; except ${exclude.map(describeExclusion).join('; ')}`;
}
