import { formatDuration, parseDuration } from '../lib/duration.ts';
import { formatInstant } from '../lib/format-instant.ts';
import { parseLocalInstant } from '../lib/local-instant.ts';

/**
 * An instant of a filter as the address has it: `now`, a distance from now (`-1h`, `+15m`), or RFC 3339 in UTC. A distance
 * stays one, so that a link means the last hour whenever it is opened.
 */
export type FilterInstant = string;

const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})$/i;

/**
 * Reads what was typed: `now`, `-1h`, `+ 15m`, `2026-11-26 14:05` on the clocks of the zone, or RFC 3339.
 * @returns undefined if it is nothing of that
 */
export function parseFilterInstant(typed: string, zone: string): FilterInstant | undefined {
  const text = typed.trim();
  if (text.toLowerCase() === 'now') return 'now';
  const [, sign, duration = ''] = /^([+\-−])\s*(.+)$/.exec(text) ?? [];
  if (sign !== undefined) {
    const ms = parseDuration(duration.replaceAll(/\s+/g, '').toLowerCase());
    if (ms === undefined || !isDate(ms)) return undefined;
    return ms === 0 ? 'now' : `${sign === '+' ? '+' : '-'}${formatDuration(ms)}`;
  }
  const instant = RFC_3339.test(text) ? Date.parse(text) : (parseLocalInstant(text, zone) ?? NaN);
  return isDate(instant) ? new Date(instant).toISOString() : undefined;
}

/** Whether the API takes the year: 1 to 9999. */
function isDate(instant: number): boolean {
  return instant >= -62_135_596_800_000 && instant <= 253_402_300_799_999;
}

/**
 * The instant as the API takes it.
 * @param now milliseconds
 */
export function resolveFilterInstant(instant: FilterInstant, now: number): string {
  if (instant === 'now') return new Date(now).toISOString();
  const [, sign, duration = ''] = /^([+-])(.+)$/.exec(instant) ?? [];
  if (sign === undefined) return instant;
  const ms = parseDuration(duration) ?? 0;
  const resolved = sign === '+' ? now + ms : now - ms;
  return new Date(Math.min(Math.max(resolved, -62_135_596_800_000), 253_402_300_799_999)).toISOString();
}

/** The instant as it is shown in a field, to be read again by {@link parseFilterInstant}. */
export function showFilterInstant(instant: FilterInstant, zone: string): string {
  if (/^(?:now$|[+-])/.test(instant)) return instant;
  const ms = Date.parse(instant);
  const precise = ms % 1_000 !== 0 ? 'millisecond' : ms % 60_000 === 0 ? 'minute' : 'second';
  return formatInstant(ms, zone, precise);
}
