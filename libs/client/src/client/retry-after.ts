/** The forms of an HTTP date begin with the name of a day. */
const HTTP_DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)/;

/**
 * Returns the wait that a `Retry-After` header asks for, in milliseconds: seconds, or an HTTP date. Undefined if there is
 * none, or it is neither.
 */
export function retryAfterMs(header: string | null, wallMs: number): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const date = HTTP_DATE.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - wallMs);
}
