/** The last millisecond that four digits of a year can say; PostgreSQL takes no other spelling from JSON. */
const LATEST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** Digits of the fraction behind the milliseconds. */
const BELOW_MS = /\.\d{3}(\d+)/;

/**
 * An RFC 3339 instant in UTC and whole milliseconds, rounded up: never earlier than asked for. `undefined` when that is
 * no instant before the year 10000.
 */
export function normaliseInstant(text: string): string | undefined {
  const below = BELOW_MS.exec(text)?.[1] ?? '';
  // Date.parse drops the digits behind the milliseconds.
  const ms = Date.parse(text) + (/[1-9]/.test(below) ? 1 : 0);
  if (Number.isNaN(ms) || ms > LATEST_MS) return undefined;
  return new Date(ms).toISOString();
}
