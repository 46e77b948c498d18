import type { PreviewedOccurrence } from '@timer-platform/callback-types';
import { localParts } from '../lib/format-instant.ts';
import { offsetAt } from '../lib/zoned-time.ts';

/** An instant on the clocks of one zone. */
export interface ZoneCell {
  /** `Fri 2030-02-01` */
  readonly date: string;
  /** `09:00:00` */
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
  let before = from;
  return occurrences.map(({ at, shifted }) => {
    const instant = Date.parse(at);
    const cells = zones.map((zone) => cellOf(instant, before, zone));
    before = instant;
    return { at, cells, shifted };
  });
}

/** An instant on the clocks of a zone. */
export function cellOf(instant: number, before: number, zone: string): ZoneCell {
  const { date, minute, second, millisecond, offset } = localParts(instant, zone);
  const weekday = DAYS[new Date(`${date}T00:00:00Z`).getUTCDay()] ?? '';
  return {
    date: `${weekday} ${date}`,
    time: `${minute}:${second}${millisecond === '000' ? '' : `.${millisecond}`}`,
    offset,
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
