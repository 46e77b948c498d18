import { parseDuration } from '@timer-platform/callback-types';

/** An instant: a Date, milliseconds since 1970, or text such as `2026-03-29T01:30:00Z` or `2026-03-29T03:30[Europe/Berlin]`. */
export type Instant = Date | number | string;

const ZONED = /^(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)\[([A-Za-z0-9_+\-/]+)\]$/;
const WITH_OFFSET = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/;
const DAY_MS = 86_400_000;

/** How far the local time of a zone is ahead of UTC at an instant, in milliseconds. */
function offsetAt(zone: string, atMs: number): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(atMs);
  const of = (type: Intl.DateTimeFormatPartTypes): number =>
    Number(parts.find((part) => part.type === type)?.value);
  const localMs = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'));
  return localMs - Math.floor(atMs / 1_000) * 1_000;
}

/**
 * The instant of a local time. A local time that a clock change skips is moved forward by the length of the gap; of one
 * that occurs twice, the earlier is taken.
 */
function instantOfLocal(localMs: number, zone: string): number {
  const before = offsetAt(zone, localMs - DAY_MS);
  const after = offsetAt(zone, localMs + DAY_MS);
  for (const offset of [before, after])
    if (offsetAt(zone, localMs - offset) === offset) return localMs - offset;
  return localMs - before;
}

/**
 * Milliseconds since 1970.
 *
 * @throws RangeError if it is not an instant: a local time without a zone is not
 */
export function parseInstant(instant: Instant): number {
  const ms = typeof instant === 'string' ? parseText(instant) : Number(instant);
  if (!Number.isFinite(ms))
    throw new RangeError(
      `Not an instant: ${String(instant)}. Pass a Date, or text such as "2026-03-29T01:30:00Z" or "2026-03-29T03:30[Europe/Berlin]"`,
    );
  return Math.floor(ms);
}

function parseText(text: string): number {
  const [, local, zone] = ZONED.exec(text) ?? [];
  if (local === undefined || zone === undefined)
    return WITH_OFFSET.test(text) ? Date.parse(text) : Number.NaN;
  const localMs = Date.parse(`${local}Z`);
  if (Number.isNaN(localMs)) return localMs;
  try {
    return instantOfLocal(localMs, zone);
  } catch {
    throw new RangeError(`Unknown time zone ${JSON.stringify(zone)} in ${JSON.stringify(text)}`);
  }
}

/**
 * Milliseconds of a duration such as `30d`, `1h30m` or a number of milliseconds.
 *
 * @throws RangeError if it is not a duration
 */
export function parseElapsed(duration: string | number): number {
  const ms = typeof duration === 'string' ? parseDuration(duration) : duration;
  if (ms === undefined || !Number.isFinite(ms) || ms < 0)
    throw new RangeError(
      `Not a duration: ${JSON.stringify(duration)}. Pass milliseconds, or text such as "30d", "1h30m" or "250ms"`,
    );
  return Math.ceil(ms);
}
