import { Temporal } from '@js-temporal/polyfill';

/** Offsets and clock changes of a time zone as Temporal finds them. */
export interface ZoneHistory {
  readonly zone: string;
  readonly segments: readonly { readonly fromMs: number; readonly toMs: number; readonly offset: number }[];
}

/** A cron expression of numbers, lists, ranges, steps and wildcards, as this oracle reads it. */
export interface OraclePattern {
  readonly text: string;
  readonly fixed: boolean;
  readonly matches: (local: Date) => boolean;
}

const RANGES = [
  [0, 59],
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 6],
  [1970, 2100],
] as const;

function valuesOf(field: string, low: number, high: number): Set<number> {
  const values = new Set<number>();
  for (const part of field.split(',')) {
    const [range = '', step = '1'] = part.split('/');
    const [first = low, last = first] = range === '*' ? [low, high] : range.split('-').map(Number);
    for (let value = first; value <= last; value += Number(step)) values.add(value);
  }
  return values;
}

/** Where to search: all occurrences of the pattern are multiples of the step in local time, and the window too. */
export interface OracleWindow {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
}

export function oraclePattern(text: string): OraclePattern {
  const given = text.split(' ');
  const fields = given.length === 5 ? ['0', ...given, '*'] : given.length === 6 ? [...given, '*'] : given;
  const sets = RANGES.map(([low, high], index) => valuesOf(fields[index] ?? '*', low, high));
  const has = (index: number, value: number) => sets[index]?.has(value) === true;
  const either = fields[3] !== '*' && fields[5] !== '*';
  return {
    text,
    fixed: fields.slice(0, 3).every((field) => !/[*/]/.test(field)),
    matches: (local) => {
      const [day, weekday] = [has(3, local.getUTCDate()), has(5, local.getUTCDay())];
      return (
        has(0, local.getUTCSeconds()) &&
        has(1, local.getUTCMinutes()) &&
        has(2, local.getUTCHours()) &&
        has(4, local.getUTCMonth() + 1) &&
        has(6, local.getUTCFullYear()) &&
        (either ? day || weekday : day && weekday)
      );
    },
  };
}

export function zoneHistory(zone: string, fromMs: number, toMs: number): ZoneHistory {
  const segments = [];
  let at: Temporal.ZonedDateTime | null =
    Temporal.Instant.fromEpochMilliseconds(fromMs).toZonedDateTimeISO(zone);
  while (at !== null && at.epochMilliseconds < toMs) {
    const next: Temporal.ZonedDateTime | null = at.getTimeZoneTransition('next');
    const end = next === null ? toMs : Math.min(toMs, next.epochMilliseconds);
    segments.push({ fromMs: at.epochMilliseconds, toMs: end, offset: at.offsetNanoseconds / 1e6 });
    at = next;
  }
  return { zone, segments };
}

/** The clock changes of a history. */
export function changesOf({ segments }: ZoneHistory): number[] {
  return segments.slice(1).map(({ fromMs }) => fromMs);
}

/** The instant at which Temporal says that a local time is; for one that is skipped, the clock change. */
export function temporalInstant(
  zone: string,
  localMs: number,
): { atMs: number; kind: 'one' | 'gap' | 'overlap' } {
  const plain = Temporal.PlainDateTime.from(new Date(localMs).toISOString().slice(0, 19));
  const earlier = plain.toZonedDateTime(zone, { disambiguation: 'earlier' });
  const later = plain.toZonedDateTime(zone, { disambiguation: 'later' });
  if (earlier.epochMilliseconds === later.epochMilliseconds)
    return { atMs: earlier.epochMilliseconds, kind: 'one' };
  if (earlier.toPlainDateTime().equals(plain)) return { atMs: earlier.epochMilliseconds, kind: 'overlap' };
  const change = earlier.getTimeZoneTransition('next');
  return { atMs: change?.epochMilliseconds ?? NaN, kind: 'gap' };
}

/** The instants of a local time; for one that is skipped, the clock change. */
function instantsOf({ segments }: ZoneHistory, localMs: number): number[] {
  const instants = segments
    .filter(({ fromMs, toMs, offset }) => localMs - offset >= fromMs && localMs - offset < toMs)
    .map(({ offset }) => localMs - offset);
  if (instants.length > 0) return instants;
  const skipped = segments.find(({ fromMs, offset }) => localMs < fromMs + offset);
  return skipped === undefined ? [] : [skipped.fromMs];
}

function* multiples(from: number, before: number, step: number): Generator<number> {
  for (let value = Math.ceil(from / step) * step; value < before; value += step) yield value;
}

/**
 * All occurrences in a window, by brute force and by the rule as it is written: for a fixed time, every local time of
 * the calendar, once, at its first instant or the first one after the gap; for others, every instant whose local time
 * matches. The window is at least a day inside the history.
 */
export function oracleOccurrences(
  history: ZoneHistory,
  pattern: OraclePattern,
  window: OracleWindow,
): number[] {
  const { fromMs, toMs, stepMs } = window;
  const found = new Set<number>();
  if (pattern.fixed) {
    const margin = 50 * 3_600_000;
    for (const local of multiples(fromMs - margin, toMs + margin, stepMs))
      if (pattern.matches(new Date(local))) found.add(Math.min(...instantsOf(history, local)));
  } else
    for (const { fromMs: start, toMs: end, offset } of history.segments)
      for (const at of multiples(Math.max(start, fromMs) + offset, Math.min(end, toMs + 1) + offset, stepMs))
        if (pattern.matches(new Date(at))) found.add(at - offset);
  return [...found].filter((at) => at >= fromMs && at <= toMs).sort((a, b) => a - b);
}
