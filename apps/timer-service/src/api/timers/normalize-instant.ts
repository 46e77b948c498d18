/** The last millisecond with a four-digit year, the only form that PostgreSQL accepts from JSON. */
const LATEST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** The first instant that PostgreSQL can read in this form: it has no year 0. */
const EARLIEST_MS = Date.parse('0001-01-01T00:00:00Z');

/** The issue of an instant that {@link normalizeInstant} cannot convert. */
export const INSTANT_RANGE = 'must be in the years 1 to 9999';

/** The digits of the fraction after the milliseconds. */
const BELOW_MS = /\.\d{3}(\d+)/;

/**
 * Converts an RFC 3339 instant to UTC and whole milliseconds. Rounds up, so the result is never earlier. Returns undefined
 * for an invalid instant, before the year 1 and from the year 10000 on.
 */
export function normalizeInstant(text: string): string | undefined {
  const below = BELOW_MS.exec(text)?.[1] ?? '';
  // Date.parse drops the digits after the milliseconds.
  const ms = Date.parse(text) + (/[1-9]/.test(below) ? 1 : 0);
  if (Number.isNaN(ms) || ms > LATEST_MS || ms < EARLIEST_MS) return undefined;
  return new Date(ms).toISOString();
}
