const SECONDS = /^\d+$/;
/** IMF-fixdate and the two obsolete formats that RFC 9110, section 5.6.7, requires recipients to accept. */
const HTTP_DATES = [
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/,
  /^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/,
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/,
];
const ASCTIME = 2;

/**
 * Parses a Retry-After header (RFC 9110, section 10.2.3): seconds or an HTTP date.
 *
 * @param nowMs milliseconds since 1970, subtracted from a date
 * @returns milliseconds from now, never negative, not bounded; null if the header is absent or invalid
 */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | null {
  const text = value?.trim();
  if (text === undefined) return null;
  if (SECONDS.test(text)) {
    const ms = Number(text) * 1_000;
    return Number.isSafeInteger(ms) ? ms : Number.MAX_SAFE_INTEGER;
  }
  const format = HTTP_DATES.findIndex((pattern) => pattern.test(text));
  if (format === -1) return null;
  // asctime is UTC but does not name its time zone.
  const atMs = Date.parse(format === ASCTIME ? `${text} GMT` : text);
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}
