import type { PreviewedOccurrence } from '@timer-platform/callback-types';
import { formatTimeOfDay, type InstantPrecision, localParts } from '../lib/format-instant.ts';
import { offsetAt } from '../lib/zoned-time.ts';

/** An instant on the clocks of one zone. */
export interface ZoneCell {
  /** `Fri 2030-02-01` */
  readonly date: string;
  /** `09:00`, `09:00:05` */
  readonly time: string;
  readonly offset: string;
  /** How far the clocks were moved since the row before, in minutes; 0: not at all. */
  readonly moved: number;
}

/** An occurrence of a preview, on the clocks of each zone. */
export interface PreviewRow {
  readonly at: string;
  readonly cells: readonly ZoneCell[];
  readonly shifted: PreviewedOccurrence['shifted'];
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/**
 * The rows of a preview.
 * @param from milliseconds: changes of the clocks count from here
 * @param zones IANA names
 */
export function previewRows(
  occurrences: readonly PreviewedOccurrence[],
  from: number,
  zones: readonly string[],
): PreviewRow[] {
  const instants = occurrences.map(({ at }) => Date.parse(at));
  const precision = precisionOf(instants);
  return occurrences.map(({ at, shifted }, index) => {
    const before = instants[index - 1] ?? from;
    const cells = zones.map((zone) => cellOf(Date.parse(at), before, zone, precision));
    return { at, cells, shifted };
  });
}

/** As precise as the most precise of the instants needs it. */
function precisionOf(instants: readonly number[]): InstantPrecision {
  if (instants.some((instant) => instant % 1_000 !== 0)) return 'millisecond';
  return instants.some((instant) => instant % 60_000 !== 0) ? 'second' : 'minute';
}

function cellOf(instant: number, before: number, zone: string, precision: InstantPrecision): ZoneCell {
  const { date, offset } = localParts(instant, zone);
  const weekday = DAYS[new Date(`${date}T00:00:00Z`).getUTCDay()] ?? '';
  return {
    date: `${weekday} ${date}`,
    time: formatTimeOfDay(instant, zone, precision),
    offset: offset === 'UTC+0' ? 'UTC' : offset,
    moved: (offsetAt(instant, zone) - offsetAt(before, zone)) / 60_000,
  };
}

/** A change of the clocks in words. */
export function clockChange(minutes: number): string {
  const size = Math.abs(minutes);
  const amount = size % 60 === 0 ? `${size / 60} h` : `${size} min`;
  return minutes > 0 ? `clocks went forward ${amount}` : `clocks went back ${amount}`;
}

/** What the shift of an occurrence means. */
export function shiftText(shifted: 'gap' | 'overlap'): string {
  return shifted === 'gap'
    ? 'Its local time does not exist that day, so it is at the first one after the gap'
    : 'Its local time comes twice that day; this is the first pass, and there is none at the second';
}
